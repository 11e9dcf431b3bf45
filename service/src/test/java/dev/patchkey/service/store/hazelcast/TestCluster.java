package dev.patchkey.service.store.hazelcast;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.Authority;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.StoreMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Real Hazelcast members on loopback, for tests of both stores. */
public final class TestCluster implements AutoCloseable {
    private static final int FIRST_PORT = 25_701;

    /** Of each cluster. */
    private static final int PORTS = 4;

    /** More than there are beside each other, so that none of them takes a port of another's. */
    private static final int CLUSTERS = 16;

    private static final AtomicInteger STARTED = new AtomicInteger();

    /** Of pods whose stores are made by hand. */
    static final Authority AUTHORITY = new Authority("test", null);

    private final String name = "test-" + UUID.randomUUID();
    private final int firstPort = FIRST_PORT + PORTS * (STARTED.getAndIncrement() % CLUSTERS);
    private final int pods;
    private final int size;
    private final List<HazelcastInstance> members = new CopyOnWriteArrayList<>();
    private boolean impatient;
    private @Nullable InstantSource clock;

    private TestCluster(int pods, int size) {
        this.pods = pods;
        this.size = size;
    }

    /** A cluster of one. */
    public static TestCluster ofOne() {
        return new TestCluster(1, 1);
    }

    /**
     * A cluster of more.
     *
     * @param pods how many will be started
     * @param size what {@code patchkey.cluster.size} says
     */
    public static TestCluster of(int pods, int size) {
        return new TestCluster(pods, size);
    }

    /** Has the members that are started from now on give a silent copy up as soon as they look, and not after five seconds. */
    public TestCluster impatient() {
        impatient = true;
        return this;
    }

    /** Has the members that are started from now on decide by this clock. */
    TestCluster by(InstantSource decisive) {
        clock = decisive;
        return this;
    }

    /** A pod's member. */
    public Pod start() {
        return start(AUTHORITY);
    }

    /** The member of a pod that may keep its counts elsewhere than the others. It looks at none of them. */
    Pod start(Authority authority) {
        ClusterProperties properties = pods == 1 && size == 1
                ? new ClusterProperties(name, firstPort, "127.0.0.1", ClusterProperties.Discovery.NONE, List.of(), 1)
                : new ClusterProperties(
                        name,
                        firstPort,
                        "127.0.0.1",
                        ClusterProperties.Discovery.STATIC,
                        IntStream.range(0, PORTS)
                                .mapToObj(i -> "127.0.0.1:" + (firstPort + i))
                                .toList(),
                        size);
        Config config = ClusterConfig.of(properties, authority);
        // Several members on one machine, and no waiting for others that are not there.
        config.getNetworkConfig().setPortAutoIncrement(true);
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        if (clock != null) {
            config.getUserContext()
                    .put(
                            PartitionOwner.CONTEXT,
                            new PartitionOwner(
                                    clock, PartitionOwner.of(properties).mostBatches()));
        }
        if (impatient) {
            config.setProperty("hazelcast.operation.backup.timeout.millis", "100");
        }
        HazelcastInstance member = Hazelcast.newHazelcastInstance(config);
        members.add(member);
        return new Pod(member, properties.quorum());
    }

    /** Ends all members of the cluster at once. */
    @Override
    public void close() {
        members.forEach(member -> member.getLifecycleService().terminate());
    }

    /** One member, and what the stores make of it. */
    public record Pod(HazelcastInstance member, int quorum) {

        public CountsMap countsMap() {
            return new PublishedMap(member);
        }

        public CommitterRoute route() {
            return new PartitionRoute(member);
        }

        /** The store that is kept in memory alone. */
        public ReferenceCounts counts() {
            HazelcastReferenceCounts counts = new HazelcastReferenceCounts(
                    member, new Membership(member, quorum), new StoreMetrics(new SimpleMeterRegistry()));
            counts.start();
            return counts;
        }

        public Incarnations incarnations() {
            return new HazelcastIncarnations(member, new Membership(member, quorum), new SteadyClock());
        }

        /** As if the power went. */
        public void kill() {
            member.getLifecycleService().terminate();
        }
    }
}
