package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hazelcast.core.LifecycleEvent.LifecycleState;
import com.hazelcast.instance.impl.LifecycleServiceImpl;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The epochs of the store that is kept in memory alone. */
class EpochTest {
    private final List<Version> replaced = new CopyOnWriteArrayList<>();

    private HazelcastReferenceCounts start(TestCluster.Pod pod) {
        HazelcastReferenceCounts counts = (HazelcastReferenceCounts) pod.counts();
        counts.view().subscribe(new View.Listener() {
            @Override
            public void changed(View.Entry entry) {}

            @Override
            public void replaced(Version version) {
                replaced.add(version);
            }
        });
        return counts;
    }

    @Test
    void oneLossBeginsOneEpochHoweverManyPartitionsItTook() throws Exception {
        try (TestCluster cluster = TestCluster.ofOne()) {
            HazelcastReferenceCounts counts = start(cluster.start());
            for (int i = 0; i < 100; i++) {
                counts.lost();
                Thread.sleep(1);
            }
            await().until(() -> !replaced.isEmpty());
            Thread.sleep(500);
            assertThat(replaced).hasSize(1);
            counts.lost();
            await().atMost(Duration.ofSeconds(5)).until(() -> replaced.size() == 2);
            counts.close();
        }
    }

    @Test
    @Invariant(number = "S3", text = "No silent gap: what is acknowledged belongs to the epoch that stands")
    void aPodThatHasNotHeardOfTheNewEpochWritesIntoIt() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            Epoch epoch = new Epoch(pod.member());
            epoch.join(newer -> {});
            long old = epoch.current();
            epoch.next(old);
            assertThat(epoch.current()).isGreaterThan(old);
            HazelcastCommits lagging =
                    new HazelcastCommits(pod.member(), new Membership(pod.member(), 1), () -> old, epoch::latest);
            List<Outcome> outcomes = lagging.execute(List.of(on("k").increment(1)));
            assertThat(outcomes).containsExactly(new Outcome.Done(1, new Version(epoch.current(), 1), true));
        }
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key: none is given twice within an epoch")
    void aPodThatComesBackFromASplitTakesWhatTheOthersHaveInANewEpoch() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            HazelcastReferenceCounts counts = start(pod);
            for (int i = 0; i < 3; i++) {
                counts.submit(on("k").increment(1)).join();
            }
            long own = counts.view().version().epoch();
            // The others' entries take the place of its own, with an epoch that began before.
            pod.member().getMap(ClusterConfig.COUNTS).clear();
            pod.member().getMap(ClusterConfig.EPOCH).put("epoch", own - 10);
            ((LifecycleServiceImpl) pod.member().getLifecycleService()).fireLifecycleEvent(LifecycleState.MERGED);
            await().atMost(Duration.ofSeconds(4)).until(() -> !replaced.isEmpty());
            assertThat(counts.view().version().epoch()).isGreaterThan(own);
            assertThat(counts.view().get(new KeyName("k"))).isNull();
            counts.close();
        }
    }
}
