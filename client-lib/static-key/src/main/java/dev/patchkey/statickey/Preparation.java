package dev.patchkey.statickey;

/** An action registered with {@link StaticKey#beforeEnable}. Refers to its key, and so keeps it alive. */
final class Preparation implements Registration {

    private final FoldedKey key;
    private final Runnable action;

    Preparation(FoldedKey key, Runnable action) {
        this.key = key;
        this.action = action;
    }

    FoldedKey key() {
        return key;
    }

    /** Runs the action, to which changing keys is forbidden meanwhile. Called under the key's lock. */
    void run() {
        Preparing.run(key.name(), action);
    }

    @Override
    public void close() {
        Preparing.refuse("remove a preparation of key", key.name());
        key.core().unprepare(this);
    }
}
