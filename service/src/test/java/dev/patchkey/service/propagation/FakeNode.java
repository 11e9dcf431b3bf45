package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node as the service would have it: it receives in order, applies when told to, and remembers what it applied. */
final class FakeNode implements NodeConnection {
    private final LiveNodes nodes;
    final NodeSession session;
    /** Received, and not applied yet. */
    final List<FeedMessage> received = new ArrayList<>();
    /** What its tests reflect. */
    final Map<KeyName, View.Entry> reflected = new HashMap<>();

    private Version absent = new Version(0, 0);
    private long applied;
    private long seq;
    final List<Ending> endings = new ArrayList<>();
    int heartbeats;
    /** Whether it reads what is written to it. */
    boolean reads = true;

    /** What lets a hello in. */
    @FunctionalInterface
    interface Door {
        @Nullable NodeSession open(NodeHello hello, NodeConnection connection);
    }

    private FakeNode(LiveNodes nodes, Door door, NodeHello hello) {
        this.nodes = nodes;
        NodeSession opened = door.open(hello, this);
        if (opened == null) {
            throw new IllegalStateException("superseded");
        }
        this.session = opened;
    }

    static FakeNode connect(LiveNodes nodes, String node, long incarnation, String session, String... prefixes) {
        return new FakeNode(
                nodes, nodes::open, new NodeHello(node, incarnation, session, "app", "1", "hold", List.of(prefixes)));
    }

    static FakeNode connect(LiveNodes nodes, Door door, String node, long incarnation, String session) {
        return new FakeNode(nodes, door, new NodeHello(node, incarnation, session, "app", "1", "hold", List.of()));
    }

    FakeNode ready() {
        nodes.ready(session);
        return this;
    }

    /** Receives all that there is to write. */
    FakeNode receive() {
        for (FeedMessage next = nodes.next(session); next != null; next = nodes.next(session)) {
            received.add(next);
        }
        return this;
    }

    /** Applies the oldest message that it has received, and says so. */
    boolean applyOne() {
        if (received.isEmpty()) {
            return false;
        }
        FeedMessage message = received.removeFirst();
        if (message instanceof FeedMessage.SnapshotPart part && part.last()) {
            absent = part.version();
        }
        for (View.Entry entry : message.entries()) {
            reflected.merge(entry.key(), entry, (a, b) -> b.version().isAtLeast(a.version()) ? b : a);
        }
        applied = message.n();
        nodes.applied(session, applied, Map.of());
        return true;
    }

    FakeNode applyAll() {
        while (applyOne()) {}
        return this;
    }

    /** Says again what is applied, but for one key. */
    void except(String key, String reason) {
        nodes.applied(session, applied, Map.of(new KeyName(key), new Excepted(1, reason)));
    }

    void exceptNothing() {
        nodes.applied(session, applied, Map.of());
    }

    /** The version of the key that its tests reflect. */
    Version reflects(KeyName key) {
        View.Entry entry = reflected.get(key);
        return entry == null ? absent : entry.version();
    }

    int count(String key) {
        View.Entry entry = reflected.get(new KeyName(key));
        return entry == null ? 0 : entry.count();
    }

    void heartbeatArrives() {
        nodes.heard(session, ++seq);
    }

    @Override
    public void writable() {
        if (reads) {
            receive();
        }
    }

    @Override
    public void heartbeat() {
        heartbeats++;
    }

    @Override
    public void end(Ending why) {
        endings.add(why);
        nodes.disconnected(session);
    }
}
