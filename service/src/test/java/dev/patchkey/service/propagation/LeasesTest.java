package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.propagation.NodeHolds.Held;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "S7",
        text = "Leases end holds of the dead within lease + a bounded delay, and never those of a live node")
class LeasesTest {

    private static final KeyName KEY = new KeyName("a");

    private final FakeStore store = new FakeStore();
    private final Pod pod = new Pod(store);
    private final NodeHolds holds = new NodeHolds(store);

    @AfterEach
    void close() {
        holds.close();
    }

    @Test
    void aHoldEndsWhenItsNodeHasBeenSilentForALease() {
        FakeNode node = pod.connectAndApply("n1");
        acquire("n1", 1, "n1-1");
        node.heartbeatArrives();
        pod.pass(Pod.LEASE.minusSeconds(1));
        node.heartbeatArrives();
        endAll(pod.pass(Pod.LEASE));
        assertThat(store.count("a")).as("live to the end of its lease").isEqualTo(1);
        endAll(pod.pass(LiveNodes.SWEEP_INTERVAL));
        assertThat(node.endings).containsExactly(Ending.SILENT);
        awaitCount(0);
    }

    @Test
    void aNodeThatHasReconnectedKeepsItsHoldsWhenItsOldLeaseEnds() {
        oldLeaseEndsAfterReconnect();
        Awaitility.await()
                .during(Duration.ofMillis(200))
                .atMost(Duration.ofSeconds(2))
                .until(() -> store.count("a") == 1);
    }

    @Test
    void theSameTestCatchesAnExpiryThatIsNotConditionalOnTheSession() {
        store.expiresUnconditionally = true;
        oldLeaseEndsAfterReconnect();
        awaitCount(0);
    }

    /** The old session's end arrives at the store after the node has acquired again in a new one, on another pod. */
    private void oldLeaseEndsAfterReconnect() {
        FakeNode old = pod.connectAndApply("n1");
        acquire("n1", 1, "n1-1");
        pod.nodes.disconnected(old.session);
        holds.acquireAgain(new Holder("n1"), 1, "n1-2", List.of(new Held(KEY, 1)));
        holds.end(KEY, new Holder("n1"), "n1-1", "the lease of the node ended");
    }

    @Test
    void theStoreIsAskedAgainUntilItHasDecided() {
        FakeNode node = pod.connectAndApply("n1");
        acquire("n1", 1, "n1-1");
        store.unavailable = true;
        holds.end(node.session, "the lease of the node ended");
        Awaitility.await().during(Duration.ofMillis(150)).until(() -> store.count("a") == 1);
        store.unavailable = false;
        awaitCount(0);
    }

    @Test
    void aNewLifeOfANodeEndsTheHoldsOfTheEarlierOnes() {
        FakeNode old = pod.connectAndApply("n1");
        acquire("n1", 1, "n1-1");
        FakeNode.connect(pod.nodes, "n1", 2, "n1-2");
        assertThat(old.endings).containsExactly(Ending.SUPERSEDED);
        holds.endEarlierLives(new Holder("n1"), 2);
        awaitCount(0);
        assertThatThrownBy(() -> FakeNode.connect(pod.nodes, "n1", 1, "n1-3")).hasMessage("superseded");
    }

    @Test
    void theSameLifeOfANodeReplacesItsOldConnection() {
        FakeNode old = pod.connectAndApply("n1");
        FakeNode again = FakeNode.connect(pod.nodes, "n1", 1, "n1-2").ready();
        assertThat(old.endings).containsExactly(Ending.REPLACED);
        pod.feed();
        assertThat(again.received).hasSize(1);
    }

    @Test
    void aHoldWhoseNodeNoPodKnowsEndsAfterAWholeLease() {
        acquire("n1", 3, "lost");
        Map<String, Long> live = new HashMap<>();
        OrphanSweep sweep = new OrphanSweep(store, holds, () -> Optional.of(live), Pod.LEASE, () -> pod.now);
        sweep.sweep();
        pod.now += Pod.LEASE.minusSeconds(1).toNanos();
        sweep.sweep();
        live.put("n1", 3L);
        sweep.sweep();
        pod.now += Pod.LEASE.toNanos();
        sweep.sweep();
        live.remove("n1");
        sweep.sweep();
        pod.now += Pod.LEASE.minusSeconds(1).toNanos();
        sweep.sweep();
        assertThat(store.count("a"))
                .as("missed for less than a lease at a time")
                .isEqualTo(1);
        pod.now += Duration.ofSeconds(1).toNanos();
        sweep.sweep();
        awaitCount(0);
    }

    @Test
    void nothingIsConcludedWhileAPodDoesNotSayWhoLives() {
        acquire("n1", 3, "lost");
        OrphanSweep sweep = new OrphanSweep(store, holds, Optional::empty, Pod.LEASE, () -> pod.now);
        for (int i = 0; i < 10; i++) {
            sweep.sweep();
            pod.now += Pod.LEASE.toNanos();
        }
        assertThat(store.count("a")).isEqualTo(1);
    }

    @Test
    @Invariant(
            number = "S7",
            text = "The hold of a node that is gone ends, while one pod or another is silent at times")
    void theTimeInWhichAPodDoesNotSayWhoLivesIsLeftOut() {
        acquire("n1", 3, "lost");
        AtomicReference<Optional<Map<String, Long>>> live = new AtomicReference<>(Optional.of(Map.of()));
        OrphanSweep sweep = new OrphanSweep(store, holds, live::get, Pod.LEASE, () -> pod.now);
        sweep.sweep();
        Duration third = Pod.LEASE.dividedBy(3);
        for (int counted = 1; counted <= 3; counted++) {
            assertThat(store.count("a")).isEqualTo(1);
            live.set(Optional.empty());
            pod.now += Pod.LEASE.multipliedBy(2).toNanos();
            sweep.sweep();
            live.set(Optional.of(Map.of()));
            sweep.sweep();
            assertThat(store.count("a")).as("%s thirds of a lease", counted - 1).isEqualTo(1);
            pod.now += third.toNanos();
            sweep.sweep();
        }
        awaitCount(0);
    }

    @Test
    void aConnectionThatWasEndedForWantOfALeaseIsConfirmedNothingUnderTheNext() {
        FakeNode node = pod.connectAndApply("n1");
        pod.nodes.heard(node.session, 1);
        assertThat(pod.nodes.heartbeat(node.session)).isNotNull();
        assertThat(pod.nodes.mayWelcome(node.session)).isTrue();
        pod.nodes.heard(node.session, 2);
        pod.nodes.endConnections(Ending.UNLEASED);
        assertThat(pod.nodes.heartbeat(node.session)).isNull();
        assertThat(pod.nodes.mayWelcome(node.session)).isFalse();
    }

    @Test
    void aPodThatWasStoppedDoesNotTakeItsOwnPauseForTheNodesSilence() {
        FakeNode node = pod.connectAndApply("n1");
        pod.now += Pod.LEASE.multipliedBy(3).toNanos();
        assertThat(pod.nodes.sweep()).isEmpty();
        node.heartbeatArrives();
        assertThat(pod.pass(Pod.LEASE)).isEmpty();
    }

    @Test
    void byeEndsALeaseAtOnce() {
        FakeNode node = pod.connectAndApply("n1");
        assertThat(pod.nodes.bye(node.session)).isTrue();
        assertThat(pod.nodes.describeAll("pod")).isEmpty();
    }

    @Test
    void aNodeThatLeavesMessagesUnacknowledgedForTooLongIsDropped() {
        FakeNode stuck = pod.connectAndApply("n1");
        FakeNode other = pod.connectAndApply("n2");
        store.increment("a");
        pod.feed();
        other.applyAll();
        pod.pass(Pod.STUCK.plusSeconds(1));
        assertThat(stuck.endings).containsExactly(Ending.STUCK);
        assertThat(other.endings).isEmpty();
    }

    @Test
    void heartbeatsAreSentWhenNoneHasBeenForAFifthOfTheLease() {
        FakeNode node = pod.connectAndApply("n1");
        pod.pass(Duration.ofSeconds(7));
        assertThat(node.heartbeats).isEqualTo(2);
    }

    private void acquire(String node, long incarnation, String session) {
        store.submit(new Command(
                        KEY,
                        new Action.Acquire(new Holder(node), null, new NodeStamp(incarnation, 1, session)),
                        node,
                        null,
                        null))
                .join();
    }

    private void endAll(List<NodeSession> sessions) {
        sessions.forEach(session -> holds.end(session, "the lease of the node ended"));
    }

    private void awaitCount(int count) {
        Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> store.count("a") == count);
    }
}
