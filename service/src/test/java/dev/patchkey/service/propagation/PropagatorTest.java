package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PropagatorTest {

    private static final KeyName KEY = new KeyName("a");
    private static final LeaseTimes TIMES = new LeaseTimes(Duration.ofSeconds(1), Duration.ofSeconds(30));
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration SILENCE = Duration.ofDays(30);

    private final FakeStore store = new FakeStore();
    private final PodLease lease = new PodLease(Duration.ofSeconds(30), System::nanoTime);
    private final LiveNodes nodes = new LiveNodes(TIMES, System::nanoTime, InstantSource.system(), lease::stands);
    private final SlowPeers peers = new SlowPeers();
    private final FakeRegistry registry = new FakeRegistry(new ConcurrentHashMap<>(), false);
    private final Cluster cluster = new Cluster(nodes, peers, new PodCensus(registry, peers.id(), System::nanoTime));
    private final PodRegistration registration =
            new PodRegistration(registry, peers, lease, nodes, TIMES.lease(), System::nanoTime);
    private final NodeHolds holds = new NodeHolds(store);
    private final Propagator propagator =
            new Propagator(store, store, nodes, cluster, registration, holds, TIMES, SILENCE, System::nanoTime);
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    /** Another pod that answers no question until the test lets it. */
    private static final class SlowPeers implements PodPeers {
        final CountDownLatch answers = new CountDownLatch(1);
        final CountDownLatch asked = new CountDownLatch(1);

        @Override
        public String id() {
            return "1";
        }

        @Override
        public String name() {
            return "pod-1";
        }

        @Override
        public String cluster() {
            return "test";
        }

        @Override
        public Answers ask(byte[] question, Set<String> pods, Duration timeout) {
            asked.countDown();
            try {
                boolean ignored = answers.await(PATIENCE.toMillis() * 2, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return new Answers(Map.of(), pods);
        }

        @Override
        public void serve(UnaryOperator<byte[]> answer) {
            // Nobody asks.
        }
    }

    @AfterEach
    void stop() {
        peers.answers.countDown();
        propagator.stop();
        registration.close();
        cluster.close();
        holds.close();
        callers.shutdownNow();
    }

    @Test
    @Invariant(number = "S5", text = "\"Applied everywhere\" is never claimed wrongly")
    void whereAnyNodeWasEverNumberedOneLeaseIsWaitedThoughTheViewIsEmpty() {
        peers.answers.countDown();
        store.number("anonymous", new Holder("n1"), "life-1");
        propagator.start();
        assertThat(cluster.await(KEY, new Version(1, 0), Duration.ZERO).unaccounted())
                .contains("pod-1 before its start");
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds of the dead within lease + a bounded delay")
    void aPodThatIsSlowToAnswerDelaysNoOtherLease() throws Exception {
        propagator.start();
        FakeNode.connect(nodes, "first", 1, "first-1");
        assertThat(peers.asked.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        Awaitility.await().atMost(PATIENCE).until(() -> nodes.incarnations().isEmpty());
        FakeNode.connect(nodes, "second", 1, "second-1");
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(nodes.incarnations())
                        .as("live while the other pod is still being asked")
                        .isEmpty());
    }

    @Test
    @Invariant(number = "S5", text = "\"Applied everywhere\" is never claimed wrongly")
    void whoeverWaitsWhenThePodStopsIsToldAtOnceThatItIsNotApplied() throws Exception {
        Version version = store.increment("a");
        propagator.start();
        FakeNode.connect(nodes, "n1", 1, "n1-1");
        CompletableFuture<Propagation> answer =
                CompletableFuture.supplyAsync(() -> cluster.await(KEY, version, Duration.ofMinutes(1)), callers);
        assertThat(peers.asked.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        propagator.stop();
        assertThat(answer.get(PATIENCE.toMillis() / 2, TimeUnit.MILLISECONDS).applied())
                .isFalse();
        assertThat(cluster.await(KEY, version, Duration.ofMinutes(1)).applied())
                .as("asked of a pod that has stopped")
                .isFalse();
    }

    @Test
    void theNodesThatAreHereAreToldOfBeforeSilentOnesAreForgotten() {
        for (int i = 0; i < Incarnations.LARGEST_PART + 1; i++) {
            FakeNode.connect(nodes, "n" + i, 1, "s" + i);
        }
        store.silent = 2 * Incarnations.LARGEST_PART + 5;
        propagator.forgetSilentNodes();
        assertThat(store.memory).hasSize(5);
        assertThat(store.memory.subList(0, 2)).allMatch(told -> told.startsWith("heard [n"));
        assertThat(String.join(" ", store.memory.subList(0, 2)).split("n", -1))
                .hasSize(1 + Incarnations.LARGEST_PART + 1);
        assertThat(store.memory.subList(2, 5))
                .containsExactly("forget 256 after PT720H", "forget 256 after PT720H", "forget 5 after PT720H");
    }

    @Test
    void whereThoseThatAreHereCannotBeToldOfNoneIsForgotten() {
        FakeNode.connect(nodes, "n1", 1, "s1");
        store.silent = 1;
        store.unavailable = true;
        assertThatThrownBy(propagator::forgetSilentNodes).isInstanceOf(StoreUnavailableException.class);
        assertThat(store.silent).isEqualTo(1);
    }

    @Test
    void noMoreAreForgottenInOneGoThanMayBe() {
        store.silent = 1_000_000;
        propagator.forgetSilentNodes();
        assertThat(store.memory).hasSize(40);
    }
}
