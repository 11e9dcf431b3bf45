package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** The parts of a node, put together. */
final class Node implements Patchkey, Rebinder.Events {

    /** How long a pod may take to answer a bye; the end of the lease makes up for one that does not. */
    private static final Duration BYE_WAIT = Duration.ofSeconds(2);

    /** How long the rebinder may take to finish; it may be waiting for a safepoint. */
    private static final Duration REBINDER_WAIT = Duration.ofSeconds(2);

    private final Config config;
    private final Mirror mirror;
    private final Threads threads;
    private final StatusBoard board;
    private final Listeners<KeyChange> changes;
    private final Listeners<KeyRebind> rebinds;
    private final Backlog backlog = new Backlog();
    private final Rebinder rebinder;
    private final Holds holds;
    private final Channel channel;
    private final HoldRequests requests;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Node(Config config, Mirror mirror) {
        this.config = config;
        this.mirror = mirror;
        threads = new Threads(config.logger());
        board = new StatusBoard(config.node(), config.logger());
        changes = Listeners.ofNewest(KeyChange::key, threads, config.logger());
        rebinds = Listeners.ofEach(KeyRebind::key, threads, config.logger());
        rebinder = new Rebinder(mirror, backlog, this, config.logger());
        board.applied(rebinder.newestKnown());
        Clients http = new Clients(config.connectTimeout(), threads.workers(), config.sslContext());
        Lease lease = new Lease(System::nanoTime);
        requests = new HoldRequests(config, http);
        holds = new Holds(config, mirror, backlog, lease, requests, threads, board);
        channel = new Channel(config, http, threads, lease, holds, backlog, board, mirror::declared);
    }

    static Node start(Config config) {
        Mirror.refuseInsidePreparation("attach", "the mirror");
        Mirror mirror;
        try {
            mirror = Mirror.attach();
        } catch (IllegalStateException e) {
            throw new IllegalStateException("another Patchkey is open in this JVM; close it first", e);
        }
        return start(config, mirror);
    }

    /** With a mirror that tests may have wrapped. */
    static Node start(Config config, Mirror mirror) {
        Node node = new Node(config, mirror);
        node.rebinder.start();
        node.threads.every(RebindWatch.EVERY, () -> node.rebinder.watch().look(config.logger()));
        node.channel.post(node.channel::connect);
        return node;
    }

    @Override
    public Hold acquire(StaticKey key) {
        return holds.acquire(key, config.acquireTimeout());
    }

    @Override
    public Hold acquire(StaticKey key, Duration timeout) {
        return holds.acquire(key, Objects.requireNonNull(timeout, "timeout"));
    }

    @Override
    public boolean awaitReady(Duration timeout) {
        return board.awaitReady(Objects.requireNonNull(timeout, "timeout"));
    }

    @Override
    public Status status() {
        return board.status(
                holds.heldKeys(), backlog.failingKeys(), rebinder.watch().overdue());
    }

    @Override
    public Figures figures() {
        // What was received before what is applied: what is applied meanwhile lessens the lag, and nothing adds to it.
        Backlog.Outstanding outstanding = backlog.outstanding();
        Map<String, Integer> callSites = mirror.declared();
        int enabled = 0;
        for (String key : callSites.keySet()) {
            MirroredState state = mirror.state(key);
            enabled += state != null && state.effectiveCount() > 0 ? 1 : 0;
        }
        return new Figures(
                board.connects(),
                board.silence(),
                outstanding.newest().revisionsAfter(board.applied()),
                outstanding.age(),
                outstanding.keys(),
                rebinder.tally().edges(),
                rebinder.tally().failures(),
                outstanding.known(),
                enabled,
                callSites);
    }

    @Override
    public Registration onChange(Consumer<KeyChange> listener) {
        return changes.add(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public Registration onRebind(Consumer<KeyRebind> listener) {
        return rebinds.add(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public void applied(Backlog.Marker marker, List<Excepted> except) {
        board.applied(marker.version());
        channel.post(() -> marker.deliverer().applied(marker, except));
    }

    @Override
    public void disabling(String key, Version version, boolean stale) {
        holds.disabling(key, version, stale);
    }

    @Override
    public void changed(KeyChange change) {
        changes.tell(change);
    }

    @Override
    public void rebound(KeyRebind rebind) {
        rebinds.tell(rebind);
    }

    @Override
    public void failed(String key, String reason, Duration retryIn) {
        config.logger()
                .log(
                        System.Logger.Level.WARNING,
                        "key {0} could not be rebound and is tried again in {1} ms: {2}",
                        key,
                        retryIn.toMillis(),
                        reason);
    }

    @Override
    public void refused(String key, String reason) {
        config.logger()
                .log(
                        System.Logger.Level.WARNING,
                        "key {0} has a count in the cluster that this JVM does not follow, as it counts that name itself: {1}",
                        key,
                        reason);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        holds.close();
        channel.close(BYE_WAIT);
        rebinder.stop(REBINDER_WAIT);
        changes.close();
        rebinds.close();
        board.ended(Status.Phase.CLOSED, null);
        requests.close();
        threads.close();
        mirror.close();
    }
}
