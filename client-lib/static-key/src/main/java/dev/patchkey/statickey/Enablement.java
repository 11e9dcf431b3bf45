package dev.patchkey.statickey;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A reference to a local key, taken by {@link StaticKey#enable()}: the key is enabled at least until it is closed.
 *
 * <p>Refers to its key. Safe for use by all threads. One that is never closed leaves the key enabled for good.
 */
public final class Enablement implements AutoCloseable {

    private final FoldedKey key;
    private final AtomicBoolean closed = new AtomicBoolean();

    Enablement(FoldedKey key) {
        this.key = key;
    }

    /** The key that this is a reference to. */
    public StaticKey key() {
        return key;
    }

    /**
     * Gives the reference back, once: closing again is a no-op, which does not wait for a first close that another
     * thread has not finished. If it was the last, disables the key and returns when every test sees that. A thread
     * that passed its test before may still be inside the guarded region.
     *
     * <p>If the key {@linkplain StaticKey#deferDisable defers} its disable, rebinds nothing, and tests take the enabled
     * path until the delay is over. It may still wait for a change of the key in progress, a preparation for instance.
     *
     * <p>If the rebind fails before the count is published, nothing has changed, what failed is thrown, and the
     * reference may be closed again; if it fails after that, the key is disabled and correct but its tests are slow.
     * The same holds if a deferred disable cannot be scheduled, which throws what the JDK's timer threw: an
     * {@link OutOfMemoryError} if no thread can be started. Of two threads that close it at once, only the first is
     * told of a failure: the reference is then open again although the other's close has returned normally.
     *
     * @throws IllegalStateException if called by an action given to {@link StaticKey#beforeEnable}; nothing has changed
     */
    @Override
    public void close() {
        Preparing.refuse("disable key", key.name());
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        boolean released = false;
        try {
            key.core().decrement();
            released = true;
        } finally {
            if (!released) {
                closed.set(false);
            }
        }
    }

    @Override
    public String toString() {
        return "Enablement[" + key.name() + (closed.get() ? ", closed]" : "]");
    }
}
