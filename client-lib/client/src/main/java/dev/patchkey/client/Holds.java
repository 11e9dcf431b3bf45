package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What this node holds. Safe for use by several threads.
 *
 * <p>Lock order: a node hold's, then the backlog's; never two node holds' at once.
 */
final class Holds {

    private final Config config;
    private final Mirror mirror;
    private final Backlog backlog;
    private final Lease lease;
    private final HoldRequests requests;
    private final Turns turns;
    private final Threads threads;
    private final StatusBoard board;
    private final ConcurrentHashMap<String, NodeHold> nodeHolds = new ConcurrentHashMap<>();
    private final AtomicLong operations = new AtomicLong();

    /** In whose name to change holds now; null while there is no session. Written by the channel's thread. */
    private volatile @Nullable Standing standing;

    /** Whose grants count: the newest session's, until another hello is said or the lease is lost. By the same thread. */
    private volatile @Nullable Standing valid;

    /** Why nothing can be acquired any more; null as long as it can. */
    private volatile @Nullable RuntimeException over;

    Holds(
            Config config,
            Mirror mirror,
            Backlog backlog,
            Lease lease,
            HoldRequests requests,
            Threads threads,
            StatusBoard board) {
        this.config = config;
        this.mirror = mirror;
        this.backlog = backlog;
        this.lease = lease;
        this.requests = requests;
        this.turns = new Turns(threads);
        this.threads = threads;
        this.board = board;
    }

    /** The fast path: while the node holds the key and its lease, a look at the clock and one compare-and-set. */
    Hold acquire(StaticKey key, Duration timeout) {
        NodeHold nodeHold = nodeHolds.get(Objects.requireNonNull(key, "key").name());
        if (nodeHold != null) {
            Tenure tenure = nodeHold.tenure();
            // The key must be the tenure's own, and no detached one of the same name.
            if (tenure != null && tenure.key() == key && key.isEnabled() && lease.isLive() && tenure.retain()) {
                return new Share(nodeHold, tenure);
            }
        }
        return acquireSlow(key, timeout);
    }

    private Hold acquireSlow(StaticKey key, Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must not be negative, but was " + timeout);
        }
        Mirror.refuseInsidePreparation("acquire key", key.name());
        if (StaticKey.of(key.name()) != key) {
            throw new IllegalArgumentException("key must come from StaticKey.of, unlike the detached " + key);
        }
        if (mirror.isLocal(key.name())) {
            throw new IllegalStateException(
                    "key '" + key.name() + "' is local: it has been enabled with enable(), or given a delay with"
                            + " deferDisable(), so its count is this JVM's own and cannot be held across the cluster; use another name");
        }
        if (!config.subscribes(key.name())) {
            throw new IllegalArgumentException(
                    "key must begin with one of this node's prefixes " + config.prefixes() + ", unlike " + key.name());
        }
        requireOpen();
        NodeHold nodeHold = nodeHolds.computeIfAbsent(key.name(), name -> new NodeHold(name, this));
        return nodeHold.acquireSlow(key, timeout);
    }

    private void requireOpen() {
        RuntimeException ended = over;
        if (ended instanceof PatchkeyException refusal) {
            throw refusal.forWaiter();
        }
        if (ended != null) {
            throw new IllegalStateException(ended.getMessage(), ended);
        }
    }

    /** Under a node hold's lock, which makes an acquisition either see the end or be seen by it. */
    void requireRoom() {
        requireOpen();
        if (nodeHolds.size() > NodeMessages.MOST_HELD && heldKeys() >= NodeMessages.MOST_HELD) {
            throw new IllegalStateException("this node holds " + NodeMessages.MOST_HELD + " keys, the most it can");
        }
    }

    int heldKeys() {
        int held = 0;
        for (NodeHold nodeHold : nodeHolds.values()) {
            held += nodeHold.tenure() == null ? 0 : 1;
        }
        return held;
    }

    // What happens to the node; called by the channel's thread

    /** What to name in a hello that is about to be said. */
    List<NodeMessages.Held> held() {
        // First this, then the tenures: see the grants in NodeHold.
        valid = null;
        List<NodeMessages.Held> held = new ArrayList<>();
        nodeHolds.forEach((key, nodeHold) -> {
            synchronized (nodeHold) {
                Tenure tenure = nodeHold.tenure();
                if (tenure != null && held.size() < NodeMessages.MOST_HELD) {
                    held.add(new NodeMessages.Held(key, tenure.operation()));
                } else {
                    // Threads that acquire at once may pass the bound by a few; what the hello does not name will end.
                    nodeHold.lose();
                }
            }
        });
        return held;
    }

    void welcomed(Standing newStanding, List<NodeMessages.Held> named, PodMessage.Welcome welcome) {
        valid = newStanding;
        standing = newStanding;
        Map<String, Long> operationsNamed = new HashMap<>();
        named.forEach(held -> operationsNamed.put(held.key(), held.operation()));
        Set<String> again = new HashSet<>();
        welcome.held().forEach(state -> again.add(state.key()));
        nodeHolds.forEach((key, nodeHold) -> nodeHold.welcomed(operationsNamed.get(key), again));
    }

    void disconnected() {
        standing = null;
    }

    /** The lease is over. */
    void lost() {
        standing = null;
        valid = null;
        nodeHolds.values().forEach(NodeHold::lose);
    }

    /** Nothing can be acquired any more, since the service has refused this node for good. */
    void refuse(String problem, String sentence) {
        end(new RejectedException(problem, sentence, null));
    }

    /** Nothing can be acquired any more, since the application has closed the node. */
    void close() {
        end(new IllegalStateException("closed"));
    }

    private void end(RuntimeException why) {
        over = why;
        PatchkeyException failure = why instanceof PatchkeyException refusal
                ? refusal
                : new UnavailableException("the node was closed", why);
        standing = null;
        nodeHolds.values().forEach(nodeHold -> nodeHold.refuse(failure));
    }

    /** This node is about to read a key as disabled; called by the rebinder. */
    void disabling(String key, Version version, boolean stale) {
        NodeHold nodeHold = nodeHolds.get(key);
        if (nodeHold != null) {
            nodeHold.disabling(version, stale);
        }
    }

    // What the node holds share

    long nextOperation() {
        return operations.incrementAndGet();
    }

    /** Null as well once the lease is over, even if nobody has acted on that yet: such a grant would be worth nothing. */
    @Nullable Standing standing() {
        return over == null && lease.isLive() ? standing : null;
    }

    boolean isValid(Standing granting) {
        return granting == valid;
    }

    boolean leaseIsLive() {
        return lease.isLive();
    }

    boolean readsEnabled(String key) {
        MirroredState state = mirror.state(key);
        return state != null && state.effectiveCount() > 0;
    }

    HoldRequests requests() {
        return requests;
    }

    Turns turns() {
        return turns;
    }

    Backlog backlog() {
        return backlog;
    }

    Threads threads() {
        return threads;
    }

    Duration linger() {
        return config.linger();
    }

    String explanation() {
        return board.explanation();
    }

    void log(String sentence) {
        config.logger().log(System.Logger.Level.WARNING, sentence);
    }
}
