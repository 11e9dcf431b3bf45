package dev.patchkey.client.protocol;

import java.util.List;

/** What a pod sends to a node. */
public sealed interface PodMessage {

    /** A numbered message: numbers start at 1 in each session and grow by one. */
    sealed interface Numbered extends PodMessage {
        long n();

        /** The pod's version when it was written; its epoch is that of {@link #keys}. */
        Version version();

        List<KeyState> keys();
    }

    /**
     * The answer to hello.
     *
     * @param session this connection; hold changes name it
     * @param incarnationNumber the number that this life of the node has got
     * @param leaseMillis how long the node is live after the last heartbeat that reached a pod
     * @param heartbeatMillis how often the node must send a heartbeat
     * @param pod the pod's name
     * @param epoch of the store
     * @param held what of {@code hello.held} has been acquired again
     */
    record Welcome(
            String session,
            long incarnationNumber,
            long leaseMillis,
            long heartbeatMillis,
            String pod,
            long epoch,
            List<KeyState> held)
            implements PodMessage {}

    /** A part of the state of all subscribed keys; a key in no part has count 0 at the snapshot's version. */
    record Snapshot(long n, Version version, boolean last, List<KeyState> keys) implements Numbered {}

    /** Newer states of some keys. */
    record Change(long n, Version version, List<KeyState> keys) implements Numbered {}

    /**
     * The pod is alive.
     *
     * @param n of the last numbered message
     * @param version the pod's
     * @param seq of the newest node heartbeat that has arrived; 0 if none has
     */
    record Heartbeat(long n, Version version, long seq) implements PodMessage {}

    /** The node knows more than this pod. */
    record Behind(Version version) implements PodMessage {}

    /** Why the pod is about to close the connection. */
    record Failure(int code, String problem, String detail) implements PodMessage {}
}
