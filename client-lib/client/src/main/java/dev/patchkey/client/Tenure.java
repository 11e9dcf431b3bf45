package dev.patchkey.client;

import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One generation of the node's hold on a key: from the moment when this node was rebound for it until the last of its
 * references is closed, or it is lost. Neither can be undone: the next generation is another object, which is why a plain
 * compare-and-set is safe from the return of an old value.
 */
final class Tenure extends AtomicInteger {
    // The value, inherited so that a reference costs one dereference less:
    //   n > 0   live, with n references in the JVM
    //   0       ended: the last reference is closed
    //   -1      lost: the lease, or the service's hold, is gone

    private static final long serialVersionUID = 1;

    private static final int LOST = -1;

    private final transient StaticKey key;
    private final long operation;
    private final transient Version version;

    /**
     * @param operation the number of the operation that acquired it
     * @param version of the key when it had been acquired
     */
    Tenure(StaticKey key, int references, long operation, Version version) {
        super(references);
        this.key = key;
        this.operation = operation;
        this.version = version;
    }

    StaticKey key() {
        return key;
    }

    long operation() {
        return operation;
    }

    Version version() {
        return version;
    }

    boolean isLive() {
        return get() > 0;
    }

    /** Adds a reference, unless the generation is over. */
    boolean retain() {
        for (int n = get(); n > 0; n = get()) { // ends: each turn is another thread's success
            if (n == Integer.MAX_VALUE) {
                throw new IllegalStateException("key " + key.name() + " has 2^31-1 holds in this JVM");
            }
            if (compareAndSet(n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Removes a reference, unless the generation is lost; says whether it was the last. */
    boolean release() {
        for (int n = get(); n > 0; n = get()) { // ends: each turn is another thread's success
            if (compareAndSet(n, n - 1)) {
                return n == 1;
            }
        }
        return false;
    }

    void lose() {
        set(LOST);
    }
}
