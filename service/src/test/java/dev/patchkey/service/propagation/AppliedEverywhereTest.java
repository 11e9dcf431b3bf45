package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "S5",
        text =
                "\"Applied everywhere\" is never claimed wrongly: every live pod's view and every live node's session has"
                        + " reached the revision at the time of the answer")
class AppliedEverywhereTest {

    private static final int SEEDS = 300;
    private static final int STEPS = 200;

    private final FakeStore store = new FakeStore();
    private final Pod pod = new Pod(store);

    @Test
    void aNodeCountsOnceItHasAppliedAndNotWhenTheMessageIsDelivered() {
        FakeNode node = pod.connectAndApply("n1");
        Version version = store.increment("a");
        assertThat(pod.ask("a", version).isViewThere()).isFalse();
        pod.feed();
        assertThat(node.received).hasSize(1);
        PodProgress delivered = pod.ask("a", version);
        assertThat(delivered.isReached()).isFalse();
        assertThat(delivered.laggards()).singleElement().satisfies(laggard -> {
            assertThat(laggard.node()).isEqualTo("n1");
            assertThat(laggard.reason()).isEqualTo("not applied");
            assertThat(laggard.applied()).isEqualTo(new Version(1, 0));
        });
        node.applyAll();
        assertThat(pod.ask("a", version).isReached()).isTrue();
    }

    @Test
    void aNodeThatIsConnectingLagsUntilItsSnapshotIsApplied() {
        Version version = store.increment("a");
        pod.feed();
        assertThat(pod.ask("a", version).isReached()).isTrue();
        FakeNode node = pod.connect("n1");
        assertThat(pod.ask("a", version).laggards()).extracting("reason").containsExactly("connecting");
        pod.feed();
        assertThat(pod.ask("a", version).laggards()).extracting("reason").containsExactly("connecting");
        node.applyAll();
        assertThat(pod.ask("a", version).isReached()).isTrue();
    }

    @Test
    void aNodeThatHasLostItsConnectionLagsUntilItsLeaseEndsAndIsThenNamed() throws Exception {
        FakeNode node = pod.connectAndApply("n1");
        pod.nodes.disconnected(node.session);
        Version version = store.increment("a");
        pod.feed();
        assertThat(pod.ask("a", version).laggards()).extracting("reason").containsExactly("disconnected");
        CompletableFuture<PodProgress> waiting = awaitInBackground("a", version);
        pod.pass(Pod.LEASE.plusSeconds(1));
        PodProgress progress = waiting.get();
        assertThat(progress.isReached()).isTrue();
        assertThat(progress.expired()).containsExactly(new Propagation.Expired("n1", "hold"));
    }

    @Test
    void aFailedRebindMakesALaggardOfThatKeyAlone() {
        Version a = store.increment("a");
        Version b = store.increment("b");
        FakeNode node = pod.connectAndApply("n1");
        node.except("a", "the action threw");
        assertThat(pod.ask("a", a).laggards()).extracting("reason").containsExactly("the action threw");
        assertThat(pod.ask("b", b).isReached()).isTrue();
        node.exceptNothing();
        assertThat(pod.ask("a", a).isReached()).isTrue();
    }

    @Test
    void exceptingAKeyIsASetbackOnceAndAgainAfterItWasApplied() {
        Version b = store.increment("b");
        FakeNode node = pod.connectAndApply("n1");
        long before = pod.ask("b", b).setbacks();
        node.except("a", "paced");
        node.except("a", "paced");
        assertThat(pod.ask("b", b).setbacks()).isEqualTo(before + 1);
        node.exceptNothing();
        assertThat(pod.ask("b", b).setbacks()).isEqualTo(before + 1);
        node.except("a", "paced");
        assertThat(pod.ask("b", b).setbacks()).isEqualTo(before + 2);
        node.except("b", "the action threw");
        assertThat(pod.ask("b", b).setbacks()).isEqualTo(before + 3);
    }

    @Test
    void anOlderVersionIsReachedThoughANewerOneIsUnderWay() {
        FakeNode node = pod.connectAndApply("n1");
        Version first = store.increment("a");
        pod.feed();
        node.applyAll();
        Version second = store.decrement("a");
        pod.feed();
        assertThat(pod.ask("a", first).isReached()).isTrue();
        assertThat(pod.ask("a", second).isReached()).isFalse();
        Version third = store.increment("a");
        pod.feed();
        node.applyOne();
        assertThat(pod.ask("a", second).isReached()).isTrue();
        assertThat(pod.ask("a", third).isReached()).isFalse();
    }

    @Test
    void aKeyOutsideItsPrefixesDoesNotConcernANode() {
        FakeNode.connect(pod.nodes, "n1", 1, "s1", "checkout.").ready();
        pod.feed();
        Version version = store.increment("a");
        pod.feed();
        PodProgress progress = pod.ask("a", version);
        assertThat(progress.isReached()).isTrue();
        assertThat(progress.nodes()).isZero();
        assertThat(pod.ask("checkout.trace", new Version(1, 0)).laggardCount()).isEqualTo(1);
    }

    @Test
    void aWaitDoesNotEndBetweenTwoSessionsOfANode() throws Exception {
        pod.connectAndApply("n1");
        Version version = store.increment("a");
        pod.feed();
        CompletableFuture<PodProgress> waiting = awaitInBackground("a", version);
        FakeNode again = FakeNode.connect(pod.nodes, "n1", 1, "n1-2").ready();
        assertThat(waiting).isNotDone();
        pod.feed();
        assertThat(waiting).isNotDone();
        again.applyAll();
        assertThat(waiting.get().isReached()).isTrue();
    }

    @Test
    void theNodesOfAPodOfBeforeAreUnaccountedForOneLease() {
        pod.nodes.podOfBefore("pod-2");
        assertThat(pod.ask("a", new Version(1, 0)).unaccounted()).containsExactly("pod-2");
        pod.pass(Pod.LEASE.minusSeconds(1));
        assertThat(pod.ask("a", new Version(1, 0)).isReached()).isFalse();
        pod.pass(Duration.ofSeconds(1));
        assertThat(pod.ask("a", new Version(1, 0)).isReached()).isTrue();
    }

    @Test
    void aWaitGoesOnWhileAPodOfBeforeMayHaveNodesAndEndsWithThem() throws Exception {
        FakeNode node = pod.connectAndApply("n1");
        pod.nodes.podOfBefore("pod-2");
        Version version = store.increment("a");
        pod.feed();
        CompletableFuture<PodProgress> waiting = awaitInBackground("a", version);
        node.applyAll();
        pod.pass(Duration.ofSeconds(1));
        assertThat(waiting)
                .as("the nodes of this pod have applied it, and those of the pod of before may not have")
                .isNotDone();
        beatFor(node, Pod.LEASE.minusSeconds(2));
        assertThat(waiting).isNotDone();
        beatFor(node, Duration.ofSeconds(1));
        assertThat(waiting.get().isReached()).isTrue();
        assertThat(waiting.get().expired()).isEmpty();
    }

    /** Lets time pass, in which the node sends heartbeats. */
    private void beatFor(FakeNode node, Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            node.heartbeatArrives();
            pod.pass(Duration.ofSeconds(1));
        }
    }

    @Test
    void noInterleavingMakesAClaimThatANodeDoesNotKeep() {
        for (int seed = 0; seed < SEEDS; seed++) {
            walk(seed, Reached.APPLIED);
        }
    }

    @Test
    void theWalkCatchesAServiceThatCountsDeliveredAsApplied() {
        Reached delivered = (session, key, version, offered) -> session.connected
                && session.feed.isSynced()
                && !session.feed.isPending(key)
                && offered.isAtLeast(version);
        assertCaught(delivered);
    }

    @Test
    void theWalkCatchesAServiceThatForgetsNodesThatAreConnecting() {
        assertCaught((session, key, version, offered) ->
                !session.feed.isSynced() || Reached.APPLIED.isReached(session, key, version, offered));
    }

    @Test
    void theWalkCatchesAServiceThatForgetsNodesWhoseConnectionIsLost() {
        assertCaught((session, key, version, offered) ->
                !session.connected || Reached.APPLIED.isReached(session, key, version, offered));
    }

    private static void assertCaught(Reached broken) {
        assertThatThrownBy(() -> {
                    for (int seed = 0; seed < SEEDS; seed++) {
                        walk(seed, broken);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("S5");
    }

    /** Random steps of three nodes and an operator; after each, every claim is held against what the nodes reflect. */
    private static void walk(int seed, Reached rule) {
        Random random = new Random(seed);
        FakeStore store = new FakeStore(random.nextBoolean());
        Pod pod = new Pod(store, rule);
        String[] keys = {"a", "b"};
        List<FakeNode> live = new ArrayList<>();
        int sessions = 0;
        for (int step = 0; step < STEPS; step++) {
            String key = keys[random.nextInt(keys.length)];
            FakeNode some = live.isEmpty() ? null : live.get(random.nextInt(live.size()));
            switch (random.nextInt(12)) {
                case 0 -> {
                    String name = "n" + random.nextInt(3);
                    live.removeIf(node -> node.session.hello().node().equals(name));
                    live.add(FakeNode.connect(pod.nodes, name, 1, "s" + sessions++)
                            .ready());
                }
                case 1 -> {
                    if (some != null) {
                        pod.nodes.disconnected(some.session);
                    }
                }
                case 2, 3 -> store.increment(key);
                case 4 -> {
                    if (store.count(key) > 0) {
                        store.decrement(key);
                    }
                }
                case 5 -> {
                    if (random.nextInt(20) == 0) {
                        store.newEpoch();
                    }
                }
                case 6, 7, 8 -> pod.feed();
                case 9 -> pod.now += NodeFeed.MOMENT.toNanos();
                default -> {
                    if (some != null && some.session.connected) {
                        some.applyOne();
                    }
                }
            }
            for (String each : keys) {
                hold(
                        pod,
                        live,
                        each,
                        store.read(new KeyName(each), FakeStore.Consistency.STRONG)
                                .version(),
                        seed,
                        step);
            }
        }
    }

    private static void hold(Pod pod, List<FakeNode> live, String key, Version version, int seed, int step) {
        if (!pod.ask(key, version).isReached()) {
            return;
        }
        for (FakeNode node : live) {
            assertThat(node.reflects(new KeyName(key)))
                    .as(
                            "S5: \"applied everywhere\" is never claimed wrongly (%s, %s@%s, seed %s, step %s)",
                            node.session.hello().node(), key, version, seed, step)
                    .isGreaterThanOrEqualTo(version);
        }
    }

    private CompletableFuture<PodProgress> awaitInBackground(String key, Version version) throws Exception {
        CompletableFuture<PodProgress> answer = new CompletableFuture<>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                answer.complete(pod.nodes.await(new KeyName(key), version, Duration.ofMinutes(1)));
            } catch (InterruptedException e) {
                answer.completeExceptionally(e);
            }
        });
        while (waiter.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1);
        }
        return answer;
    }
}
