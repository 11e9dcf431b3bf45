package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.LonePod;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodPeers.Answers;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "S5",
        text =
                "\"Applied everywhere\" is never claimed wrongly: every live pod's view and every live node's session has"
                        + " reached the revision at the time of the answer")
class ClusterTest {

    private static final KeyName KEY = new KeyName("a");
    private static final String CLUSTER = "test";
    private static final Duration SHORT = Duration.ofMillis(300);

    private final FakeStore store = new FakeStore();
    private final Pod one = new Pod(store);
    private final Pod two = new Pod(store);
    private final Map<String, UnaryOperator<byte[]>> pods = new ConcurrentHashMap<>();
    private final List<String> silent = new ArrayList<>();
    private Runnable afterFirstAnswers = () -> {};
    private final FakeRegistry registry = new FakeRegistry();
    private final Cluster here = cluster(one, new Wire("pod-1"));
    private final Cluster there = cluster(two, new Wire("pod-2"));

    ClusterTest() {
        here.start(false);
        there.start(false);
        register("pod-1", "pod-1");
        register("pod-2", "pod-2");
    }

    private Cluster cluster(Pod pod, PodPeers peers) {
        return new Cluster(
                pod.nodes,
                peers,
                new PodCensus(registry, peers.id(), () -> pod.now, PodCensus.Expiry.OF_LEASES, World.PATIENCE));
    }

    private void register(String id, String name) {
        registry.put(new Row(id, name, CLUSTER, Duration.ofSeconds(30), Pod.LEASE, Phase.SERVING, 1));
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
    }

    /** The other pods, in the same process. */
    private final class Wire implements PodPeers {
        private final String name;

        Wire(String name) {
            this.name = name;
        }

        @Override
        public String id() {
            return name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String cluster() {
            return CLUSTER;
        }

        @Override
        public Answers ask(byte[] question, Set<String> asked, Duration timeout) {
            Map<String, byte[]> answers = new HashMap<>();
            pods.forEach((pod, answer) -> {
                if (asked.contains(pod) && !silent.contains(pod)) {
                    answers.put(pod, answer.apply(question));
                }
            });
            Runnable once = afterFirstAnswers;
            afterFirstAnswers = () -> {};
            once.run();
            return new Answers(answers, Set.copyOf(silent));
        }

        @Override
        public void serve(UnaryOperator<byte[]> answer) {
            pods.put(name, answer);
        }
    }

    @Test
    void aNodeOfAnotherPodLagsByName() {
        one.connectAndApply("n1").receive();
        FakeNode far = two.connectAndApply("n2");
        Version version = store.increment("a");
        feed();
        one.nodes.describeAll("pod-1");
        Propagation lagging = here.await(KEY, version, Duration.ZERO);
        assertThat(lagging.applied()).isFalse();
        assertThat(lagging.nodes()).isEqualTo(2);
        assertThat(lagging.laggards()).extracting("node").containsExactly("n1", "n2");
        assertThat(far.applyOne()).isTrue();
        assertThat(here.await(KEY, version, Duration.ZERO).laggards())
                .extracting("node")
                .containsExactly("n1");
        assertThat(there.await(KEY, version, Duration.ZERO).laggardCount()).isEqualTo(1);
    }

    @Test
    void aPodWhoseViewIsBehindIsUnaccounted() {
        Version version = store.increment("a");
        one.feed();
        Propagation behind = here.await(KEY, version, SHORT);
        assertThat(behind.applied()).isFalse();
        assertThat(behind.unaccounted()).containsExactly("pod-2");
        two.feed();
        assertThat(here.await(KEY, version, SHORT).applied()).isTrue();
    }

    @Test
    void aPodThatDoesNotAnswerIsUnaccountedAndNothingIsConcludedOfItsNodes() {
        silent.add("pod-2");
        assertThat(here.await(KEY, new Version(1, 0), SHORT).unaccounted()).containsExactly("pod-2");
        assertThat(here.liveEverywhere()).isEmpty();
    }

    @Test
    void aNodeThatMovesBetweenTheAnswersOfTwoPodsIsNotMissed() {
        FakeNode node = two.connectAndApply("n1");
        Version version = store.increment("a");
        feed();
        node.applyAll();
        List<PodProgress> firstRound = new ArrayList<>();
        afterFirstAnswers = () -> {
            // This pod has answered for itself, and the other has too, when the node changes sides.
            firstRound.add(one.ask("a", version));
            firstRound.add(two.ask("a", version));
            awaitLocalAnswer();
            two.nodes.disconnected(node.session);
            FakeNode.connect(one.nodes, "n1", 1, "n1-2").ready();
            two.nodes.moved("n1", 1, "n1-2");
        };
        Propagation propagation = here.await(KEY, version, SHORT);
        assertThat(firstRound).as("a single round would have claimed it").allMatch(PodProgress::isReached);
        assertThat(propagation.applied()).isFalse();
        assertThat(propagation.laggards()).extracting("reason").containsExactly("connecting");
    }

    /** One other pod, which always has reached what it is asked for. */
    private static final class OnePeer implements PodPeers {
        private final Supplier<Answers> answers;
        final AtomicInteger rounds = new AtomicInteger();

        OnePeer(Supplier<Answers> answers) {
            this.answers = answers;
        }

        @Override
        public String id() {
            return "pod-1";
        }

        @Override
        public String name() {
            return "pod-1";
        }

        @Override
        public String cluster() {
            return CLUSTER;
        }

        @Override
        public Answers ask(byte[] question, Set<String> asked, Duration timeout) {
            rounds.incrementAndGet();
            return answers.get();
        }

        @Override
        public void serve(UnaryOperator<byte[]> answer) {
            // Nobody asks.
        }
    }

    private static byte[] reached(long setbacks) {
        return PodQuestion.write(new PodProgress(true, 1, List.of(), 0, List.of(), List.of(), setbacks));
    }

    @Test
    void roundsThatNeverAgreeAreNeverApplied() {
        AtomicLong setbacks = new AtomicLong();
        OnePeer restless =
                new OnePeer(() -> new Answers(Map.of("pod-2", reached(setbacks.incrementAndGet())), Set.of()));
        try (Cluster cluster = cluster(one, restless)) {
            Propagation atOnce = cluster.await(KEY, new Version(1, 0), Duration.ZERO);
            assertThat(atOnce.applied()).isFalse();
            assertThat(atOnce.unaccounted()).containsExactly("pod-2");
            assertThat(restless.rounds).as("one pair of rounds").hasValue(2);
            assertThat(cluster.await(KEY, new Version(1, 0), SHORT).applied()).isFalse();
            assertThat(restless.rounds).as("rounds do not spin").hasValueLessThan(30);
        }
    }

    @Test
    void nobodyIsAskedAgainWhileOnlyASilentPodIsMissing() {
        OnePeer silentPeer = new OnePeer(() -> new Answers(Map.of(), Set.of("pod-2")));
        try (Cluster cluster = cluster(one, silentPeer)) {
            Propagation propagation = cluster.await(KEY, new Version(1, 0), SHORT.multipliedBy(4));
            assertThat(propagation.unaccounted()).containsExactly("pod-2");
            assertThat(silentPeer.rounds)
                    .as("at the beginning, and for the answer")
                    .hasValue(2);
        }
    }

    @Test
    void aSilentPodThatMovesIsAskedAgain() throws Exception {
        AtomicBoolean speaks = new AtomicBoolean();
        OnePeer peer = new OnePeer(() ->
                speaks.get() ? new Answers(Map.of("pod-2", reached(1)), Set.of()) : new Answers(Map.of(), Set.of()));
        try (Cluster cluster = cluster(one, peer)) {
            CompletableFuture<Propagation> waiting = awaitLong(cluster);
            await().until(() -> peer.rounds.get() == 1);
            speaks.set(true);
            registry.put(new Row("pod-2", "pod-2", CLUSTER, Duration.ofSeconds(30), Pod.LEASE, Phase.SERVING, 2));
            assertThat(waiting.get(20, TimeUnit.SECONDS).applied()).isTrue();
        }
    }

    @Test
    void aSilentPodThatHasNoNodesAnyMoreIsNotWaitedFor() throws Exception {
        OnePeer peer = new OnePeer(() -> new Answers(Map.of(), Set.of()));
        try (Cluster cluster = cluster(one, peer)) {
            CompletableFuture<Propagation> waiting = awaitLong(cluster);
            await().until(() -> peer.rounds.get() == 1);
            registry.put(new Row("pod-2", "pod-2", CLUSTER, Duration.ofSeconds(30), Pod.LEASE, Phase.IDLE, 2));
            assertThat(waiting.get(20, TimeUnit.SECONDS).applied()).isTrue();
        }
    }

    private static CompletableFuture<Propagation> awaitLong(Cluster cluster) {
        return CompletableFuture.supplyAsync(
                () -> cluster.await(KEY, new Version(1, 0), Duration.ofMinutes(1)), Thread::startVirtualThread);
    }

    @Test
    void aPodOfTheSameNameDoesNotSpeakForThisOne() {
        one.connectAndApply("n1");
        Version version = store.increment("a");
        one.feed();
        OnePeer namesake = new OnePeer(() -> new Answers(Map.of("pod-2", reached(1)), Set.of()));
        register("pod-2", "pod-1");
        try (Cluster cluster = cluster(one, namesake)) {
            Propagation propagation = cluster.await(KEY, version, Duration.ZERO);
            assertThat(propagation.applied()).isFalse();
            assertThat(propagation.laggards()).extracting("node").containsExactly("n1");
        }
    }

    @Test
    void aFailureAfterTheChangeIsAnAnswerAndNoException() {
        OnePeer failing = new OnePeer(() -> {
            throw new IllegalStateException("the test says so");
        });
        try (Cluster cluster = cluster(one, failing)) {
            Propagation propagation = cluster.await(KEY, new Version(1, 0), SHORT);
            assertThat(propagation.applied()).isFalse();
            assertThat(propagation.unaccounted()).containsExactly("pod-2", "the other pods");
        }
        OnePeer strange = new OnePeer(() ->
                new Answers(Map.of("pod-2", "{\"isViewThere\":true}".getBytes(StandardCharsets.UTF_8)), Set.of()));
        try (Cluster cluster = cluster(one, strange)) {
            Propagation propagation = cluster.await(KEY, new Version(1, 0), SHORT);
            assertThat(propagation.applied()).isFalse();
            assertThat(propagation.unaccounted()).containsExactly("pod-2");
        }
    }

    @Test
    void anInterruptIsAnAnswerAndIsPassedOn() {
        one.connectAndApply("n1");
        Version version = store.increment("a");
        feed();
        Thread.currentThread().interrupt();
        Propagation propagation = here.await(KEY, version, SHORT);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(propagation.applied()).isFalse();
        assertThat(propagation.unaccounted()).containsExactly("pod-1");
    }

    /** The barrier asks its own pod while it asks the others; by now it surely has. */
    private static void awaitLocalAnswer() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aNodeThatSaysHelloToAnotherPodIsForgottenHere() {
        FakeNode old = one.connectAndApply("n1");
        one.nodes.disconnected(old.session);
        assertThat(here.find("n1").orElseThrow().connected()).isFalse();
        FakeNode moved = two.connectAndApply("n1-elsewhere");
        one.nodes.moved("n1", 1, "n1-2");
        assertThat(here.find("n1")).isEmpty();
        assertThat(here.find("n1-elsewhere").orElseThrow().pod()).isEqualTo("pod-2");
        assertThat(here.all()).extracting("node").containsExactly("n1-elsewhere");
        assertThat(moved.endings).isEmpty();
    }

    @Test
    void aLaterLifeOnAnotherPodSupersedesTheOneHere() {
        FakeNode old = one.connectAndApply("n1");
        one.nodes.moved("n1", 2, "n1-2");
        assertThat(old.endings).containsExactly(Ending.SUPERSEDED);
        assertThat(here.find("n1")).isEmpty();
    }

    @Test
    void aLateMessageOfARivalSessionDoesNotMakeANodeForgotten() {
        FakeNode newest = one.connectAndApply("n1");
        one.nodes.moved("n1", 1, "older");
        assertThat(newest.endings).containsExactly(Ending.REPLACED);
        assertThat(here.find("n1")).as("it may be live until its lease ends").isPresent();
    }

    @Test
    void whereNoRegistryOutlivesThePodsNodesOfBeforeAreUnaccountedForALease() {
        FakeRegistry empty = new FakeRegistry(new ConcurrentHashMap<>(), false);
        Cluster restarted = new Cluster(one.nodes, new LonePod("pod-1"), new PodCensus(empty, "pod-1", () -> one.now));
        restarted.start(true);
        assertThat(restarted.await(KEY, new Version(1, 0), Duration.ZERO).unaccounted())
                .containsExactly("pod-1 before its start");
        one.pass(Pod.LEASE);
        assertThat(restarted.await(KEY, new Version(1, 0), Duration.ZERO).applied())
                .isTrue();
        restarted.close();
    }

    private void feed() {
        one.feed();
        two.feed();
    }
}
