package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;

/**
 * A share of this node's hold on a key: while it is live, the node keeps the key enabled across the cluster.
 *
 * <p>Safe for use by several threads.
 */
public interface Hold extends AutoCloseable {

    /** The key that is held. */
    StaticKey key();

    /**
     * Whether this hold still keeps the key enabled: false once it is closed, and for good once the node has lost its
     * lease or the service has ended the node's hold. Reconnecting does not revive it; acquire again.
     *
     * <p>A JVM that is paused cannot see its lease end: work that needs exclusion needs a fencing token, not this test.
     */
    boolean isLive();

    /**
     * Gives the share back. The node's last one for a key releases the key, in the background and with retries: this
     * method never waits on the network, never throws, and is a no-op from the second call on or once the hold is not
     * live. Should the release never arrive, the end of the node's lease makes up for it.
     */
    @Override
    void close();
}
