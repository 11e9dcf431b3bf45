package dev.patchkey.service.propagation;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * One session of a live node: its connection, its lease and its feed. A handle to its owner; all its state is guarded by
 * the lock of {@link LiveNodes}.
 */
public final class NodeSession {

    private final NodeHello hello;
    final NodeConnection connection;
    final NodeFeed feed;
    final Instant since;
    final Map<String, Integer> callSites = new HashMap<>(4);

    /** Whether the connection stands. */
    boolean connected = true;
    /** Whether the snapshot may be read: what the node holds has been acquired again. */
    boolean ready;
    /** By the monotonic clock: while the snapshot is not applied, since when the node is behind; the begin, or before it. */
    long unsyncedSince;
    /** Whether the node has said hello to another pod since. */
    boolean moved;
    /** By the monotonic clock: when the session began, or its newest heartbeat arrived. */
    long heardAt;
    /** The newest heartbeat that arrived, or -1 before the first. */
    long seq = -1;
    /** By the monotonic clock: when the pod's last heartbeat was due. */
    long heartbeatAt;

    NodeSession(NodeHello hello, NodeConnection connection, Instant since, long now) {
        this.hello = hello;
        this.connection = connection;
        this.feed = new NodeFeed(hello);
        this.since = since;
        this.unsyncedSince = now;
        this.heardAt = now;
        this.heartbeatAt = now;
    }

    /** Whose it is. */
    public NodeHello hello() {
        return hello;
    }
}
