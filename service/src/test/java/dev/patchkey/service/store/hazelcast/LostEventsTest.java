package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.map.impl.MapService;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.View;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The events of the map are lost, as nobody promises that they are not. */
class LostEventsTest {
    private static final KeyName K = new KeyName("k");

    private static void loseAllEvents(TestCluster.Pod pod) {
        HazelcastInstance member = pod.member();
        ((HazelcastInstanceProxy) member)
                .getOriginal()
                .node
                .getNodeEngine()
                .getEventService()
                .deregisterAllListeners(MapService.SERVICE_NAME, ClusterConfig.COUNTS, 0);
    }

    private static Outcome.Done submit(ReferenceCounts counts, Command command) {
        return (Outcome.Done) counts.submit(command).join();
    }

    private static boolean has(ReferenceCounts counts, Outcome.Done done) {
        View.Entry entry = counts.view().get(K);
        return entry != null && entry.version().equals(done.version()) && entry.count() == done.count();
    }

    @Test
    @Invariant(number = "S3", text = "A pod converges within a bounded time, whatever events were lost")
    void eachPodConvergesByItsOwnScanDeletedKeysIncluded() {
        try (TestCluster cluster = TestCluster.of(2, 1)) {
            TestCluster.Pod first = cluster.start();
            TestCluster.Pod second = cluster.start();
            ReferenceCounts one = first.counts();
            HazelcastReferenceCounts two = (HazelcastReferenceCounts) second.counts();
            loseAllEvents(first);
            loseAllEvents(second);

            Outcome.Done up = submit(one, on("k").increment(1));
            await().atMost(Duration.ofSeconds(4)).until(() -> has(two, up));
            submit(one, on("k").decrement(1));
            Outcome.Done deleted = submit(one, on("k").delete());
            await().atMost(Duration.ofSeconds(4)).until(() -> has(two, deleted));

            // The broken variant: without its scan the pod would never know.
            two.close();
            Outcome.Done missed = submit(one, on("k").increment(1));
            await().during(Duration.ofSeconds(4)).atMost(Duration.ofSeconds(6)).until(() -> !has(two, missed));
            assertThat(has(one, missed)).isTrue();
        }
    }
}
