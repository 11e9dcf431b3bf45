package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.LonePod;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What metrics tell of nodes, step by step. */
class PropagationMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FakeStore store = new FakeStore();
    private final Pod pod = new Pod(store);
    private final LonePod peers = new LonePod("pod-1");
    private final Cluster cluster =
            new Cluster(pod.nodes, peers, new PodCensus(new FakeRegistry(), peers.id(), () -> pod.now));
    private final PodLease lease = new PodLease(Duration.ofSeconds(30), () -> pod.now);
    private final PropagationMetrics metrics =
            new PropagationMetrics(pod.nodes, cluster, lease, 2, registry, () -> pod.now);

    private Timer timer(String name) {
        return registry.get(name).timer();
    }

    private double value(String name) {
        return registry.get(name).meter().measure().iterator().next().getValue();
    }

    private double nodes(String state) {
        return registry.get("patchkey.nodes").tag("state", state).gauge().value();
    }

    private long waits(String outcome) {
        return registry.get("patchkey.propagation.awaits")
                .tag("outcome", outcome)
                .timer()
                .count();
    }

    private void pass(Duration time) {
        pod.now += time.toNanos();
    }

    @Test
    void aChangeIsTimedFromWhenItCameToWhenItIsSentAndApplied() {
        FakeNode node = pod.connectAndApply("n");
        assertThat(timer("patchkey.propagation.applied").count())
                .as("a snapshot is no change")
                .isZero();
        node.reads = false;
        store.increment("a");
        pod.feed();
        pass(Duration.ofMillis(30));
        node.receive();
        pass(Duration.ofMillis(70));
        node.applyAll();
        assertThat(timer("patchkey.propagation.sent").count()).isEqualTo(1);
        assertThat(timer("patchkey.propagation.sent").totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(30);
        assertThat(timer("patchkey.propagation.applied").count()).isEqualTo(1);
        assertThat(timer("patchkey.propagation.applied").totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(100);
    }

    @Test
    void whatIsExceptedOrSaidAgainIsNotTimedAsApplied() {
        FakeNode node = pod.connectAndApply("n");
        store.increment("a");
        pod.feed();
        FeedMessage change = node.received.getFirst();
        pod.nodes.applied(node.session, change.n(), Map.of(new KeyName("a"), new Excepted(1, "the rebind failed")));
        pod.nodes.applied(node.session, change.n(), Map.of());
        assertThat(timer("patchkey.propagation.applied").count()).isZero();
    }

    @Test
    void whatIsConflatedIsCountedAndStaysCountedWhenTheNodeIsGone() {
        FakeNode node = pod.connectAndApply("n");
        node.reads = false;
        for (int i = 0; i < 5; i++) {
            store.increment("a");
            pod.feed();
        }
        pass(Duration.ofSeconds(1));
        assertThat(value("patchkey.channel.conflated")).isEqualTo(4);
        assertThat(value("patchkey.channel.pending")).isEqualTo(1);
        pod.nodes.bye(node.session);
        pass(Duration.ofSeconds(1));
        assertThat(value("patchkey.channel.conflated")).isEqualTo(4);
        assertThat(value("patchkey.channel.pending")).isZero();
    }

    @Test
    void thoseThatLagLongestAreNamedUpToTheBound() {
        FakeNode silent = pod.connectAndApply("silent");
        FakeNode gone = pod.connectAndApply("gone");
        pod.connectAndApply("well");
        store.increment("a");
        pod.feed();
        pass(Duration.ofMillis(900));
        assertThat(pod.nodes.census(10).lagging())
                .as("nobody lags for less than a second")
                .isZero();
        pass(Duration.ofMillis(200));
        pod.nodes.disconnected(gone.session);
        FakeNode late = FakeNode.connect(pod.nodes, "late", 1, "late-1");
        pass(Duration.ofSeconds(1));
        assertThat(late.endings).isEmpty();
        assertThat(silent.received).hasSize(1);
        // silent, well and gone for 2.1 s, and late for 1 s.
        assertThat(metrics.showLaggards()).isEqualTo(2);
        assertThat(registry.find("patchkey.node.lag").gauges())
                .hasSize(2)
                .noneMatch(gauge -> "late".equals(gauge.getId().getTag("node")));
        assertThat(value("patchkey.nodes.lagging")).isEqualTo(4);
        assertThat(value("patchkey.channel.unconfirmed.age")).isEqualTo(2.1);

        silent.applyAll();
        pod.nodes.bye(gone.session);
        pass(Duration.ofSeconds(1));
        assertThat(metrics.showLaggards()).isZero();
        assertThat(registry.get("patchkey.node.lag")
                        .tags("node", "late", "reason", "connecting")
                        .gauge()
                        .value())
                .isEqualTo(2);
        assertThat(registry.get("patchkey.node.lag")
                        .tags("node", "well", "reason", "not-applied")
                        .gauge()
                        .value())
                .isEqualTo(3.1);
    }

    private double lag(String node, String reason) {
        return registry.get("patchkey.node.lag")
                .tags("node", node, "reason", reason)
                .gauge()
                .value();
    }

    private void look() {
        pass(Duration.ofSeconds(1));
        metrics.showLaggards();
    }

    @Test
    void aNodeThatExceptsAKeyForLongerThanPacingTakesLagsUntilItExceptsItNoMore() {
        FakeNode node = pod.connectAndApply("n");
        node.except("a", "paced");
        pass(Duration.ofMillis(900));
        node.exceptNothing();
        node.except("a", "paced");
        pass(Duration.ofMillis(900));
        assertThat(pod.nodes.census(10).lagging())
                .as("each time for less than a second")
                .isZero();
        node.except("a", "the rebind failed");
        pass(Duration.ofSeconds(100));
        node.except("a", "the rebind failed");
        look();
        assertThat(lag("n", "excepted")).isEqualTo(101.9);
        assertThat(value("patchkey.nodes.lagging")).isEqualTo(1);
        node.exceptNothing();
        look();
        assertThat(registry.find("patchkey.node.lag").gauges()).isEmpty();
    }

    @Test
    void aNodeThatIsDroppedAndComesBackLagsSinceItHadAppliedAll() {
        FakeNode node = pod.connectAndApply("n");
        store.increment("a");
        pod.feed();
        pod.pass(Pod.STUCK);
        node.heartbeatArrives();
        pod.pass(LiveNodes.SWEEP_INTERVAL);
        assertThat(node.endings).containsExactly(NodeConnection.Ending.STUCK);
        look();
        assertThat(lag("n", "disconnected")).isEqualTo(7);
        FakeNode again = FakeNode.connect(pod.nodes, "n", 1, "n-2").ready();
        look();
        assertThat(lag("n", "connecting")).isEqualTo(8);
        pod.feed();
        again.applyAll();
        again.except("a", "the rebind failed");
        pass(Duration.ofSeconds(10));
        FakeNode third = FakeNode.connect(pod.nodes, "n", 1, "n-3").ready();
        pod.feed();
        third.received.clear();
        pod.nodes.applied(third.session, 1, Map.of(new KeyName("a"), new Excepted(1, "the rebind failed")));
        look();
        assertThat(lag("n", "excepted")).isEqualTo(11);
        FakeNode.connect(pod.nodes, "n", 2, "n-4");
        look();
        assertThat(lag("n", "connecting")).as("a new life has not lagged yet").isEqualTo(1);
    }

    @Test
    void theLeasesThatEndWithoutAWordAreCounted() {
        FakeNode well = pod.connectAndApply("well");
        FakeNode polite = pod.connectAndApply("polite");
        FakeNode mover = pod.connectAndApply("mover");
        pod.connectAndApply("silent");
        pod.pass(Pod.LEASE.dividedBy(2));
        well.heartbeatArrives();
        pod.nodes.bye(polite.session);
        pod.nodes.moved("mover", 1, "mover-2");
        assertThat(mover.endings).hasSize(1);
        assertThat(pod.pass(Pod.LEASE.dividedBy(2).plusSeconds(2)))
                .extracting(session -> session.hello().node())
                .containsExactlyInAnyOrder("mover", "silent");
        pass(Duration.ofSeconds(1));
        assertThat(value("patchkey.nodes.expired")).isEqualTo(1);
    }

    @Test
    void nodesAreCountedByTheirConnectionsAndMessagesUntilTheyAreConfirmed() {
        FakeNode well = pod.connectAndApply("well");
        pod.connectAndApply("other");
        FakeNode gone = pod.connectAndApply("gone");
        store.increment("a");
        pod.feed();
        pod.nodes.disconnected(gone.session);
        pass(Duration.ofSeconds(1));
        assertThat(nodes("connected")).isEqualTo(2);
        assertThat(nodes("disconnected")).isEqualTo(1);
        double unconfirmed = value("patchkey.channel.unconfirmed");
        assertThat(unconfirmed).isGreaterThanOrEqualTo(2);
        assertThat(value("patchkey.channel.pending")).isZero();
        well.applyAll();
        pass(Duration.ofSeconds(1));
        assertThat(value("patchkey.channel.unconfirmed")).isEqualTo(unconfirmed - 1);
    }

    @Test
    void theRestOfTheLeaseIsShownAsItPasses() {
        assertThat(value("patchkey.pod.lease.rest")).isZero();
        lease.renewed(pod.now);
        assertThat(value("patchkey.pod.lease.rest"))
                .as("without the margin of a tenth")
                .isEqualTo(27);
        pass(Duration.ofSeconds(20));
        assertThat(value("patchkey.pod.lease.rest")).isEqualTo(7);
        pass(Duration.ofSeconds(20));
        assertThat(value("patchkey.pod.lease.rest")).isZero();
    }

    @Test
    void aWaitIsCountedAsUnaccountedWhereAPodDoesNotSayWhateverNodesLag() {
        KeyName key = new KeyName("a");
        Duration moment = Duration.ofMillis(10);
        pod.connectAndApply("n");
        store.increment("a");
        pod.feed();
        Version version = store.view().version();
        cluster.await(key, version, Duration.ZERO);
        cluster.await(key, version, moment);
        assertThat(waits("lagging")).as("who only looks does not wait").isEqualTo(1);
        pod.nodes.podOfBefore("pod-0");
        cluster.await(key, version, moment);
        assertThat(waits("lagging")).isEqualTo(1);
        assertThat(waits("unaccounted")).isEqualTo(1);
        assertThat(waits("applied")).isZero();
    }
}
