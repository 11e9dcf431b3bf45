package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.propagation.NodeHolds.Held;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Pods that can be cut off from each other and from the registry, paused and killed, and nodes that keep their own leases
 * by their own clocks; without threads of their own, in one time.
 */
final class World implements AutoCloseable {
    static final Duration POD_LEASE = Duration.ofSeconds(30);
    static final Duration NODE_LEASE = Pod.LEASE;

    /** No test is about a registry that is slow. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    static final KeyName KEY = new KeyName("a");

    /** What the pods of this world do as they should not. */
    enum Variant {
        NONE,
        /** An asker forgets a pod that does not answer. */
        FORGETS_THE_SILENT,
        /** An asker waits for the lease of a silent pod's nodes, and not for the pod's. */
        FORGETS_THE_PODS_OWN_LEASE,
        /** A pod goes on confirming when its lease has ended. */
        CONFIRMS_AFTER_ITS_LEASE,
        /** An asker takes the pods that it has seen before the question. */
        READS_THE_REGISTRY_TOO_EARLY,
        /** A pod lets nodes in before its row says so. */
        LETS_IN_UNREGISTERED
    }

    final FakeStore store = new FakeStore();
    final Map<String, Row> rows = new ConcurrentHashMap<>();
    final List<Member> pods = new ArrayList<>();
    final List<Member> left = new ArrayList<>();
    final Map<String, SimNode> nodes = new HashMap<>();
    final NodeHolds holds = new NodeHolds(store);
    private final Variant variant;
    private int lives;
    private int sessions;
    long now = 1_000_000_000_000L;

    /** What happens once, when the first round has its answers. */
    Runnable betweenRounds = () -> {};

    World(Variant variant) {
        this.variant = variant;
    }

    Member start(String name, String cluster) {
        Member member = new Member(name, cluster);
        pods.add(member);
        member.registration.renew();
        return member;
    }

    /** One life of a pod. */
    final class Member implements PodPeers {
        final String id = "life-" + ++lives;
        final String name;
        final String cluster;
        final FakeRegistry registry = new FakeRegistry(rows, true);
        final PodLease lease = new PodLease(POD_LEASE, () -> now);
        final Pod pod;
        final PodRegistration registration;
        final Cluster barrier;
        final OrphanSweep orphans;

        /** Whether no question or answer passes between it and the others. */
        boolean cutFromPods;

        boolean paused;
        private List<Row> seenEarlier = List.of();
        private @Nullable UnaryOperator<byte[]> answer;

        Member(String name, String cluster) {
            this.name = name;
            this.cluster = cluster;
            BooleanSupplier mayConfirm = variant == Variant.CONFIRMS_AFTER_ITS_LEASE ? () -> true : lease::stands;
            pod = new Pod(store, () -> now, mayConfirm);
            registration = new PodRegistration(registry, this, lease, pod.nodes, NODE_LEASE, () -> now);
            barrier = new Cluster(pod.nodes, this, new PodCensus(asRead(), id, () -> now, expiry(), PATIENCE));
            barrier.start(true);
            orphans = new OrphanSweep(store, holds, barrier::liveEverywhere, NODE_LEASE, () -> now);
        }

        private PodCensus.Expiry expiry() {
            return switch (variant) {
                case FORGETS_THE_SILENT -> (row, unchanged) -> true;
                case FORGETS_THE_PODS_OWN_LEASE ->
                    (row, unchanged) ->
                            row.phase() == PodRegistry.Phase.IDLE || unchanged.compareTo(row.nodeLease()) >= 0;
                default -> PodCensus.Expiry.OF_LEASES;
            };
        }

        private PodRegistry asRead() {
            if (variant != Variant.READS_THE_REGISTRY_TOO_EARLY) {
                return registry;
            }
            return new PodRegistry() {
                @Override
                public boolean put(Row row) {
                    return registry.put(row);
                }

                @Override
                public List<Row> all() {
                    return seenEarlier;
                }

                @Override
                public void forget(Row unchanged) {
                    registry.forget(unchanged);
                }

                @Override
                public boolean outlivesPods() {
                    return true;
                }
            };
        }

        /** What its threads do every second. */
        void tick() {
            if (paused) {
                return;
            }
            try {
                registration.renew();
            } catch (StoreUnavailableException away) {
                // Its lease goes on until it ends.
            }
            if (!registry.cut) {
                seenEarlier = registry.all();
            }
            barrier.lookAround();
            pod.nodes.sweep();
        }

        boolean reaches(Member other) {
            return this == other
                    || (!cutFromPods && !other.cutFromPods && !other.paused && cluster.equals(other.cluster));
        }

        Propagation ask(Version version) {
            return barrier.await(KEY, version, Duration.ZERO);
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String cluster() {
            return cluster;
        }

        @Override
        public Answers ask(byte[] question, Set<String> asked, Duration timeout) {
            Map<String, byte[]> answers = new HashMap<>();
            Set<String> silent = new HashSet<>();
            for (Member other : List.copyOf(pods)) {
                if (other == this || !asked.contains(other.id) || !cluster.equals(other.cluster)) {
                    continue;
                }
                if (reaches(other) && other.answer != null) {
                    answers.put(other.id, other.answer.apply(question));
                } else if (!cutFromPods && !other.cutFromPods) {
                    silent.add(other.id);
                }
            }
            Runnable once = betweenRounds;
            betweenRounds = () -> {};
            once.run();
            return new Answers(answers, silent);
        }

        @Override
        public void serve(UnaryOperator<byte[]> answering) {
            answer = answering;
        }

        /** As by SIGKILL, or because its machine is gone: nothing of it is said to anybody. */
        void kill() {
            pods.remove(this);
            nodes.values().forEach(node -> node.lost(this));
        }

        /** As by SIGTERM. */
        void leave() {
            kill();
            pod.nodes.endConnections(NodeConnection.Ending.RESYNC);
            registration.leave();
            left.add(this);
        }

        void close() {
            registration.close();
            barrier.close();
        }
    }

    /** A node's JVM: what its tests reflect, and its lease by its own clock. */
    final class SimNode {
        final String name;
        private final Holder holder;

        @Nullable Member at;

        private @Nullable FakeNode connection;
        private final List<FakeNode> earlier = new ArrayList<>();
        private final List<Long> underWay = new ArrayList<>();
        private long sentSeq;
        private long leaseEnd = Long.MIN_VALUE;
        boolean held;

        SimNode(String name) {
            this.name = name;
            this.holder = new Holder(name);
        }

        boolean isLive() {
            return leaseEnd > now;
        }

        /** Says hello, as of now. */
        boolean hello(Member to) {
            if (connection != null) {
                earlier.add(connection);
            }
            lost(at);
            FakeNode.Door door = variant == Variant.LETS_IN_UNREGISTERED ? to.pod.nodes::open : to.registration::open;
            String session = "s" + ++sessions;
            FakeNode fresh = FakeNode.connect(to.pod.nodes, door, name, 1, session);
            for (Member other : pods) {
                if (other != to && to.reaches(other)) {
                    other.pod.nodes.moved(name, 1, session);
                }
            }
            if (held) {
                holds.acquireAgain(holder, 1, session, List.of(new Held(new KeyName("held-" + name), sessions)));
            }
            if (!to.pod.nodes.mayWelcome(fresh.session) && variant != Variant.LETS_IN_UNREGISTERED) {
                fresh.end(NodeConnection.Ending.UNLEASED);
                return false;
            }
            fresh.ready();
            connection = fresh;
            at = to;
            sentSeq = 0;
            leaseEnd = now + NODE_LEASE.toNanos();
            return true;
        }

        void acquire() {
            if (connection != null && isLive()) {
                held = true;
                String session = connection.session.hello().session();
                store.submit(new Command(
                                new KeyName("held-" + name),
                                new Action.Acquire(holder, null, new NodeStamp(1, ++sessions, session)),
                                name,
                                null,
                                null))
                        .join();
            }
        }

        /** The connection is gone, and the node knows. */
        void lost(@Nullable Member from) {
            FakeNode old = connection;
            if (old != null && at == from) {
                if (at != null && !at.paused) {
                    at.pod.nodes.disconnected(old.session);
                }
                earlier.add(old);
                connection = null;
                at = null;
                underWay.clear();
            }
        }

        boolean isConnected() {
            return connection != null && connection.endings.isEmpty();
        }

        /** Sends a heartbeat; it and those before it arrive unless the pod is paused, and are confirmed if it may. */
        void heartbeat() {
            FakeNode open = connection;
            if (open == null) {
                return;
            }
            if (!open.endings.isEmpty()) {
                lost(at);
                return;
            }
            underWay.add(now);
            deliver();
        }

        /** What has been sent arrives. */
        void deliver() {
            FakeNode open = connection;
            Member pod = at;
            if (open == null || pod == null || pod.paused || !open.endings.isEmpty()) {
                return;
            }
            for (long sentAt : List.copyOf(underWay)) {
                pod.pod.nodes.heard(open.session, ++sentSeq);
                LiveNodes.Heartbeat confirmation = pod.pod.nodes.heartbeat(open.session);
                // A lease that is over stays over.
                if (confirmation != null && confirmation.seq() == sentSeq && isLive()) {
                    leaseEnd = sentAt + NODE_LEASE.toNanos();
                }
            }
            underWay.clear();
        }

        void apply() {
            if (isConnected() && connection != null && isLive()) {
                connection.receive().applyAll();
            }
        }

        /** What its tests reflect: what it has applied in any session. */
        Version reflects() {
            Version newest = connection == null ? new Version(0, 0) : connection.reflects(KEY);
            for (FakeNode old : earlier) {
                newest = old.reflects(KEY).isAtLeast(newest) ? old.reflects(KEY) : newest;
            }
            return newest;
        }
    }

    SimNode node(String name) {
        return nodes.computeIfAbsent(name, SimNode::new);
    }

    /** Every pod that hears of changes feeds its nodes. */
    void feed() {
        pods.stream().filter(pod -> !pod.paused && !pod.registry.cut).forEach(pod -> pod.pod.feed());
    }

    /** Lets time pass, second by second; nodes send a heartbeat every third. */
    void pass(Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            now += Duration.ofSeconds(1).toNanos();
            boolean beat = now / 1_000_000_000 % 3 == 0;
            if (beat) {
                nodes.values().forEach(SimNode::heartbeat);
            }
            List.copyOf(pods).forEach(Member::tick);
            feed();
            if (beat) {
                pods.stream().filter(pod -> !pod.paused).forEach(pod -> pod.orphans.sweep());
            }
        }
    }

    Version change() {
        Version version = store.increment(KEY.value());
        feed();
        return version;
    }

    /** S5 and S7, as of now, for one that asks. */
    void hold(Member asker, Version version, Object where) {
        if (asker.ask(version).applied()) {
            for (SimNode node : nodes.values()) {
                if (node.isLive()) {
                    assertThat(node.reflects())
                            .as("S5: \"applied everywhere\" is never claimed wrongly (%s, %s)", node.name, where)
                            .isGreaterThanOrEqualTo(version);
                }
            }
        }
        for (SimNode node : nodes.values()) {
            if (node.isLive() && node.held) {
                assertThat(store.count("held-" + node.name))
                        .as("S7: never the hold of a live node (%s, %s)", node.name, where)
                        .isEqualTo(1);
            } else if (!node.isLive()) {
                node.held = false;
            }
        }
    }

    @Override
    public void close() {
        pods.forEach(Member::close);
        left.forEach(Member::close);
        holds.close();
    }
}
