package dev.patchkey.statickey;

/** An enablement that can be closed twice. */
final class BrokenClose {

    private BrokenClose() {}

    /** Looks whether it is closed, and then closes. */
    static Runnable checksThenActs(FoldedKey key) {
        return new Runnable() {

            private volatile boolean closed;

            @Override
            public void run() {
                if (!closed) {
                    closed = true;
                    key.core().decrement();
                }
            }
        };
    }
}
