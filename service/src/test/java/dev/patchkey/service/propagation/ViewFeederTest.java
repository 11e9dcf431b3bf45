package dev.patchkey.service.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.refcount.KeyName;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class ViewFeederTest {

    private static final LeaseTimes TIMES = new LeaseTimes(Duration.ofSeconds(15), Duration.ofSeconds(30));
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final FakeStore store = new FakeStore();
    private final LiveNodes nodes = new LiveNodes(TIMES, System::nanoTime, InstantSource.system(), () -> true);

    @Test
    @Invariant(
            number = "S3",
            text = "Every change reaches every connected node, or its connection is dropped so that it resyncs")
    void afterAnErrorEveryNodeBeginsAgain() throws Exception {
        try (ViewFeeder feeder = new ViewFeeder(store, nodes)) {
            nodes.notify(feeder::wake, feeder::wakeInAMoment);
            feeder.start();
            nodes.await(new KeyName("a"), store.increment("a"), PATIENCE);
            AtomicBoolean failed = new AtomicBoolean();
            store.afterSnapshot = () -> {
                if (!failed.getAndSet(true)) {
                    throw new AssertionError("the test says so");
                }
            };
            FakeNode early = FakeNode.connect(nodes, "early", 1, "early-1").ready();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(early.endings).contains(Ending.RESYNC));
            FakeNode late = FakeNode.connect(nodes, "late", 1, "late-1").ready();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(late.received).isNotEmpty());
        }
    }
}
