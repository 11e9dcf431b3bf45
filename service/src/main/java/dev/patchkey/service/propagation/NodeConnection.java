package dev.patchkey.service.propagation;

/**
 * A node's connection, as propagation steers it. Every method is called without a lock held, from any thread, more often
 * than needed, and returns at once; none is called for a reason that the connection itself has reported.
 */
public interface NodeConnection {

    /** Why a connection must end. */
    enum Ending {
        /** A later life of the node has been seen: this one is over for good. */
        SUPERSEDED,
        /** The same life of the node has connected again. */
        REPLACED,
        /** No heartbeat arrived within the lease. */
        SILENT,
        /** A message has been unacknowledged for too long. */
        STUCK,
        /** This pod's own lease has ended: it may not say that the node's is renewed, and another pod may. */
        UNLEASED,
        /** The store has begun a new epoch, or this pod may have missed a change: the node must say hello again. */
        RESYNC
    }

    /** There may be something to write: ask {@link LiveNodes#next}. */
    void writable();

    /** The pod's heartbeat is due. */
    void heartbeat();

    /** The connection is to be closed. */
    void end(Ending why);
}
