package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "S3",
        text =
                "Every change reaches every connected node, or its connection is dropped so that it resyncs: no silent gap")
class EveryChangeArrivesTest {

    private final FakeStore store = new FakeStore();

    @Test
    void aChangeWhileTheSnapshotIsReadArrivesAfterIt() {
        Pod pod = new Pod(store);
        store.afterSnapshot = once(() -> store.increment("a"));
        FakeNode node = pod.connectAndApply("n1");
        pod.feed();
        node.applyAll();
        assertThat(node.count("a")).as("S3: no silent gap").isEqualTo(1);
    }

    @Test
    void theSameTestCatchesAServiceThatReadsTheSnapshotBeforeItRegisters() {
        Pod pod = new Pod(store);
        store.afterSnapshot = once(() -> store.increment("a"));
        View.Snapshot readTooEarly = store.snapshot();
        pod.feed();
        FakeNode node = pod.connect("n1");
        pod.nodes.begin(() -> readTooEarly);
        pod.feed();
        node.applyAll();
        assertThat(node.count("a")).as("the gap").isZero();
    }

    @Test
    void aNodeThatReadsSlowlyGetsTheNewestStateOfEachKeyAndNotEveryOne() {
        Pod pod = new Pod(store);
        FakeNode node = pod.connectAndApply("n1");
        node.reads = false;
        for (int i = 0; i < 1000; i++) {
            store.increment("a");
            store.increment("b");
            pod.feed();
        }
        node.reads = true;
        node.writable();
        assertThat(node.received).hasSize(1);
        node.applyAll();
        assertThat(node.count("a")).isEqualTo(1000);
        assertThat(node.count("b")).isEqualTo(1000);
    }

    @Test
    void anEdgeGoesAtOnceAndOtherChangesMayWaitAMomentForAConfirmation() {
        Pod pod = new Pod(store);
        FakeNode node = pod.connectAndApply("n1");
        store.increment("a");
        pod.feed();
        assertThat(node.received).hasSize(1);
        store.increment("a");
        pod.feed();
        assertThat(node.received).as("crosses no edge").hasSize(1);
        store.increment("b");
        pod.feed();
        assertThat(node.received).as("an edge takes along what waits").hasSize(2);
        assertThat(node.received.getLast().entries()).hasSize(2);
        store.increment("a");
        pod.feed();
        pod.now += NodeFeed.MOMENT.toNanos();
        pod.feed();
        assertThat(node.received).as("a moment later").hasSize(3);
        store.increment("a");
        pod.feed();
        assertThat(node.received).hasSize(3);
        assertThat(pod.ask("a", store.version()).isReached()).isFalse();
        node.receive();
        assertThat(node.received).as("awaited").hasSize(4);
    }

    @Test
    void aSnapshotComesInPartsOfAThousandKeys() {
        for (int i = 0; i < 2500; i++) {
            store.increment("key-" + i);
        }
        Pod pod = new Pod(store);
        FakeNode node = pod.connect("n1");
        pod.feed();
        assertThat(node.received).extracting(FeedMessage::n).containsExactly(1L, 2L, 3L);
        assertThat(node.received)
                .extracting(message -> ((FeedMessage.SnapshotPart) message).last())
                .containsExactly(false, false, true);
        node.applyOne();
        assertThat(pod.ask("key-0", new Version(1, 0)).laggards())
                .extracting("reason")
                .containsExactly("connecting");
    }

    @Test
    void aNewEpochEndsEverySessionSoThatItsNodeSaysHelloAgain() {
        Pod pod = new Pod(store);
        store.increment("a");
        FakeNode node = pod.connectAndApply("n1");
        store.newEpoch();
        store.increment("b");
        pod.feed();
        assertThat(node.endings).containsExactly(Ending.RESYNC);
        assertThat(node.receive().received).isEmpty();
        assertThat(pod.ask("b", new Version(2, 0)).laggards())
                .extracting("reason")
                .containsExactly("disconnected");

        FakeNode again = pod.connectAndApply("n1");
        assertThat(again.count("a")).isZero();
        assertThat(again.count("b")).isEqualTo(1);
        assertThat(pod.ask("a", new Version(2, 0)).isReached()).isTrue();
    }

    @Test
    void whereEachKeyCountsItsOwnRevisionsAnAbsentKeyIsOlderThanItsFirstChange() {
        FakeStore unordered = new FakeStore(false);
        for (int i = 0; i < 5; i++) {
            unordered.increment("a");
        }
        Pod pod = new Pod(unordered);
        FakeNode node = pod.connectAndApply("n1");
        Version first = unordered.increment("b");
        assertThat(node.reflects(new KeyName("b"))).isLessThan(first);
    }

    @Test
    void theFeederCarriesWhatHappensWhileNodesComeAndGo() throws Exception {
        Pod pod = new Pod(store);
        try (ViewFeeder feeder = new ViewFeeder(store, pod.nodes)) {
            pod.nodes.notify(feeder::wake, feeder::wakeInAMoment);
            feeder.start();
            // Its first turn replaces everything, which would end the sessions of nodes that are here already.
            pod.nodes.await(new KeyName("key-0"), store.increment("key-0"), Duration.ofSeconds(10));
            Random random = new Random(1);
            List<FakeNode> nodes = new java.util.ArrayList<>();
            for (int i = 0; i < 300; i++) {
                store.increment("key-" + random.nextInt(20));
                if (i % 30 == 0) {
                    nodes.add(pod.connect("n" + i));
                }
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .pollInterval(5, TimeUnit.MILLISECONDS)
                    .untilAsserted(() -> {
                        pod.now += NodeFeed.MOMENT.toNanos();
                        for (FakeNode node : nodes) {
                            node.receive();
                            node.applyAll();
                            for (int key = 0; key < 20; key++) {
                                assertThat(node.count("key-" + key)).isEqualTo(store.count("key-" + key));
                            }
                        }
                    });
        }
    }

    private static Runnable once(Runnable action) {
        boolean[] done = new boolean[1];
        return () -> {
            if (!done[0]) {
                done[0] = true;
                action.run();
            }
        };
    }
}
