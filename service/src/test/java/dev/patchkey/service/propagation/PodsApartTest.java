package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.World.Member;
import dev.patchkey.service.propagation.World.SimNode;
import dev.patchkey.service.propagation.World.Variant;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Pods that cannot ask each other, or not the store. */
@Invariant(
        number = "S5",
        text =
                "\"Applied everywhere\" is never claimed wrongly: every live pod's view and every live node's session has"
                        + " reached the revision at the time of the answer")
class PodsApartTest {

    private static final int SEEDS = 150;
    private static final int STEPS = 120;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration BOTH_LEASES = World.POD_LEASE.plus(World.NODE_LEASE);

    private final World world = new World(Variant.NONE);
    private final Member one = world.start("pod-1", "c");
    private final Member two = world.start("pod-2", "c");

    @AfterEach
    void close() {
        world.close();
    }

    private SimNode nodeAt(Member pod) {
        SimNode node = world.node("n1");
        assertThat(node.hello(pod)).isTrue();
        world.feed();
        node.apply();
        node.acquire();
        world.pass(Duration.ofSeconds(3));
        return node;
    }

    /** Asks every second until it is applied, and checks S5 and S7 each time. */
    private Duration untilApplied(Member asker, Version version) {
        for (int second = 0; second < 200; second++) {
            world.hold(asker, version, second);
            if (asker.ask(version).applied()) {
                return Duration.ofSeconds(second);
            }
            world.pass(SECOND);
        }
        throw new AssertionError("never applied: " + asker.ask(version));
    }

    private Row rowOf(Member pod) {
        return Objects.requireNonNull(world.rows.get(pod.id));
    }

    private void cutOff(Member pod) {
        pod.registry.cut = true;
        pod.cutFromPods = true;
    }

    @Test
    void theLiveNodeOfAPodThatIsCutOffAndGoesOnIsReckonedWithUntilItIsStale() {
        SimNode node = nodeAt(two);
        cutOff(two);
        Version version = world.change();
        assertThat(one.ask(version).unaccounted()).containsExactly("pod-2");
        world.pass(World.NODE_LEASE.plus(Duration.ofSeconds(10)));
        assertThat(node.isLive()).as("its pod goes on confirming").isTrue();
        assertThat(one.ask(version).applied()).isFalse();
        Duration waited = untilApplied(one, version);
        assertThat(node.isLive()).isFalse();
        assertThat(waited).isLessThan(BOTH_LEASES);
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void aPodThatFindsAnotherOfItsNameSaysWhatToDo(CapturedOutput output) {
        Member namesake = world.start("pod-1", "c");
        assertThat(namesake.ask(world.change()).unaccounted()).isEmpty();
        assertThat(output).contains("Another live pod has the name pod-1 too: patchkey.channel.pod must be unique");
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds of the dead, and never those of a live node")
    void theHoldsOfTheNodeOfACutOffPodEndWithItsLeaseAndNotBefore() {
        SimNode node = nodeAt(two);
        cutOff(two);
        while (node.isLive()) {
            world.hold(one, world.change(), "while it is live");
            world.pass(SECOND);
        }
        assertThat(world.store.count("held-n1")).isEqualTo(1);
        world.pass(BOTH_LEASES.plus(World.NODE_LEASE));
        Awaitility.await().until(() -> world.store.count("held-n1") == 0);
    }

    @Test
    void aPodThatWasPausedFindsItsLeaseEndedAndConfirmsNothing() {
        SimNode node = nodeAt(two);
        two.paused = true;
        Version version = world.change();
        assertThat(one.ask(version).unaccounted()).containsExactly("pod-2");
        two.cutFromPods = true;
        untilApplied(one, version);
        two.paused = false;
        two.cutFromPods = false;
        node.deliver();
        assertThat(node.isLive()).isFalse();
        two.tick();
        assertThat(node.isConnected()).as("it says hello again").isFalse();
        assertThat(node.hello(two)).isTrue();
        assertThat(one.ask(version).applied()).isFalse();
        world.feed();
        node.apply();
        assertThat(one.ask(version).applied()).isTrue();
    }

    @Test
    void aPodWithoutALeaseLetsNobodyInAndSendsItsNodesAway() {
        SimNode node = nodeAt(two);
        two.registry.cut = true;
        world.pass(World.POD_LEASE);
        assertThat(node.isConnected()).isFalse();
        assertThat(two.registration.hasLapsed()).isTrue();
        assertThatThrownBy(() -> node.hello(two)).isInstanceOf(StoreUnavailableException.class);
        two.registry.cut = false;
        world.pass(SECOND);
        assertThat(two.registration.hasLapsed()).isFalse();
        assertThat(node.hello(two)).isTrue();
    }

    @Test
    void whoCannotReadTheRegistryClaimsNothingAndConcludesNothing() {
        nodeAt(one);
        Version version = world.change();
        world.node("n1").apply();
        assertThat(one.ask(version).applied()).isTrue();
        one.registry.cut = true;
        assertThat(one.ask(version).unaccounted()).containsExactly("the store");
        assertThat(one.barrier.liveEverywhere()).isEmpty();
        assertThat(one.barrier.all()).as("what is known is told").hasSize(1);
    }

    @Test
    void aPodThatHasLeftIsWaitedForOneNodeLease() {
        nodeAt(two);
        Version version = world.change();
        two.leave();
        assertThat(one.ask(version).unaccounted()).containsExactly("pod-2");
        assertThat(untilApplied(one, version)).isEqualTo(World.NODE_LEASE);
    }

    @Test
    void aPodWithoutNodesIsNotWaitedForHoweverItEnds() {
        Version version = world.change();
        two.kill();
        assertThat(one.ask(version).applied()).isTrue();
        Member three = world.start("pod-3", "c");
        three.leave();
        assertThat(one.ask(version).applied()).isTrue();
    }

    @Test
    void aPodWhoseLastNodeHasGoneIsNotWaitedForAnyMore() {
        SimNode node = nodeAt(two);
        assertThat(rowOf(two).phase()).isEqualTo(Phase.SERVING);
        node.hello(one);
        world.feed();
        node.apply();
        world.pass(SECOND);
        assertThat(rowOf(two).phase()).isEqualTo(Phase.IDLE);
        two.kill();
        Version version = world.change();
        node.apply();
        assertThat(one.ask(version).applied()).isTrue();
    }

    @Test
    void anEarlierLifeOfAPodIsReckonedWithWhenItHasBeenKilled() {
        nodeAt(one);
        one.kill();
        Member again = world.start("pod-1", "c");
        Version version = world.change();
        assertThat(again.ask(version).unaccounted()).containsExactly("pod-1 before its start");
        assertThat(untilApplied(again, version)).isEqualTo(BOTH_LEASES);
    }

    @Test
    void aNewPodCountsAnOldRowFromWhenItHasSeenItFirst() {
        nodeAt(two);
        two.kill();
        world.pass(BOTH_LEASES.multipliedBy(2));
        Version version = world.change();
        assertThat(one.ask(version).applied()).isTrue();
        Member fresh = world.start("pod-3", "c");
        assertThat(fresh.ask(version).unaccounted()).containsExactly("pod-2");
        assertThat(untilApplied(fresh, version)).isEqualTo(BOTH_LEASES);
    }

    @Test
    void thePodsOfAnotherClusterAreNamedWhileTheyHaveNodes() {
        Member other = world.start("pod-1", "next");
        Version version = world.change();
        assertThat(one.ask(version).applied()).as("it has no nodes").isTrue();
        SimNode node = nodeAt(other);
        version = world.change();
        world.pass(SECOND);
        node.apply();
        assertThat(one.ask(version).unaccounted()).containsExactly("pod-1 of cluster next");
        assertThat(other.ask(version).applied()).isTrue();
        assertThat(one.barrier.liveEverywhere()).isEmpty();
        other.leave();
        assertThat(untilApplied(one, version)).isEqualTo(World.NODE_LEASE);
    }

    @Test
    void aPodWhoseRowIsGoneHasItsNodesSayHelloAgainAndWritesItAnew() {
        SimNode node = nodeAt(two);
        long renewals = rowOf(two).renewals();
        world.rows.remove(two.id);
        two.tick();
        assertThat(node.isConnected()).isFalse();
        assertThat(rowOf(two).renewals())
                .as("never a number that was seen before")
                .isGreaterThan(renewals);
        assertThat(node.hello(two)).isTrue();
    }

    @Test
    void theRowOfAPodThatIsLongGoneIsDeleted() {
        nodeAt(two);
        two.kill();
        world.pass(PodCensus.FORGOTTEN_AFTER);
        assertThat(world.rows).containsKey(two.id);
        world.pass(SECOND.multipliedBy(2));
        assertThat(world.rows).containsOnlyKeys(one.id);
    }

    @Test
    void aWriteWhoseAnswerIsLostLetsNobodyInAndRenewsNothing() {
        two.registry.losesNextAnswer = true;
        assertThatThrownBy(two.registration::renew).isInstanceOf(StoreUnavailableException.class);
        Duration before = two.lease.rest();
        world.now += SECOND.toNanos();
        two.registry.losesNextAnswer = true;
        assertThatThrownBy(two.registration::renew).isInstanceOf(StoreUnavailableException.class);
        assertThat(two.lease.rest()).isEqualTo(before.minus(SECOND));
    }

    @Test
    void noCutPauseOrLossMakesAClaimThatANodeDoesNotKeepNorEndsTheHoldOfALiveOne() {
        for (int seed = 0; seed < SEEDS; seed++) {
            walk(seed, Variant.NONE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void theWalkCatches(Variant variant) {
        assertThatThrownBy(() -> {
                    for (int seed = 0; seed < SEEDS; seed++) {
                        walk(seed, variant);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll("S", "never");
    }

    private static void walk(int seed, Variant variant) {
        Random random = new Random(seed);
        try (World world = new World(variant)) {
            for (int i = 1; i <= 3; i++) {
                world.start("pod-" + i, i == 3 && seed % 3 == 0 ? "next" : "c");
            }
            Version newest = world.change();
            for (int step = 0; step < STEPS; step++) {
                Member some = world.pods.get(random.nextInt(world.pods.size()));
                SimNode node = world.node("n" + random.nextInt(3));
                switch (random.nextInt(14)) {
                    case 0 -> newest = world.change();
                    case 1 -> some.registry.cut = random.nextBoolean();
                    case 2 -> some.cutFromPods = random.nextBoolean();
                    case 3 -> {
                        some.registry.cut = true;
                        some.cutFromPods = true;
                    }
                    case 4 -> {
                        some.paused = random.nextBoolean();
                        world.nodes.values().forEach(SimNode::deliver);
                    }
                    case 5 -> {
                        if (random.nextInt(4) == 0) {
                            if (random.nextBoolean()) {
                                some.kill();
                            } else {
                                some.leave();
                            }
                            world.start(some.name, some.cluster);
                        }
                    }
                    case 6, 7 -> hello(node, some);
                    case 8 -> {
                        Member first = some;
                        world.betweenRounds = () -> hello(node, first);
                    }
                    case 9 -> node.acquire();
                    case 10 -> node.apply();
                    case 11 -> world.pass(Duration.ofSeconds(random.nextInt(20)));
                    default -> world.pass(SECOND);
                }
                List<Member> askers =
                        world.pods.stream().filter(pod -> !pod.paused).toList();
                if (!askers.isEmpty()) {
                    world.hold(
                            askers.get(random.nextInt(askers.size())),
                            newest,
                            variant + ", seed " + seed + ", step " + step);
                }
            }
        }
    }

    /** Where the pod is not ready to let it in, the node goes on as it is. */
    private static void hello(SimNode node, Member pod) {
        if (!pod.paused && (!pod.registry.cut || pod.registration.isServing())) {
            node.hello(pod);
        }
    }
}
