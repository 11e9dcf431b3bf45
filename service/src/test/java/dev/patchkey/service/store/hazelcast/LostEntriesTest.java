package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.StoreMetrics;
import dev.patchkey.service.store.StoreUnavailableException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Reads while the entries behind them may be another's, or nobody's. */
class LostEntriesTest {
    private static final KeyName K = new KeyName("k");

    /** Members of whom one has left, which is not over while it is looked at. */
    private static final class Leaving extends Membership {
        volatile boolean leaves;

        Leaving(HazelcastInstance hazelcast) {
            super(hazelcast, 1);
        }

        @Override
        long departures() {
            return leaves ? super.departures() + 1 : super.departures();
        }

        @Override
        boolean isSettledSince(long departures) {
            return !leaves && super.isSettledSince(departures);
        }
    }

    private static void assertRefused(ReferenceCounts counts, Consistency consistency, String reason) {
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> counts.read(K, consistency))
                .withMessageContaining(reason);
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> counts.list("", null, 10, consistency))
                .withMessageContaining(reason);
    }

    @Test
    @Invariant(
            number = "S8",
            text = "A key whose entry was lost is not read as one that never was, before its new epoch")
    void aLostEntryIsNoReadOfZero() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            HazelcastReferenceCounts counts = (HazelcastReferenceCounts) pod.counts();
            counts.submit(on("k").increment(1)).join();
            long epoch = counts.view().version().epoch();

            pod.member().getMap(ClusterConfig.COUNTS).delete("k");
            assertRefused(counts, Consistency.CLUSTER, "key k were lost");
            assertRefused(counts, Consistency.STRONG, "key k were lost");

            counts.lost();
            await().atMost(Duration.ofSeconds(4))
                    .until(() -> counts.view().version().epoch() > epoch);
            assertThat(counts.read(K, Consistency.CLUSTER).state().count()).isZero();
            assertThat(counts.list("", null, 10, Consistency.STRONG).reads()).isEmpty();
        }
    }

    @Test
    @Invariant(number = "S8", text = "After a member has left a read is stale until all that is left was compared")
    void aDepartureEndsWhatAComparisonHasShown() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            HazelcastInstance member = cluster.start().member();
            Leaving membership = new Leaving(member);
            try (HazelcastReferenceCounts counts =
                    new HazelcastReferenceCounts(member, membership, new StoreMetrics(new SimpleMeterRegistry()))) {
                counts.start();
                assertThat(counts.read(K, Consistency.CLUSTER).stale()).isNull();

                membership.leaves = true;
                assertThat(counts.read(K, Consistency.CLUSTER).stale())
                        .satisfies(stale -> assertThat(stale.reason()).contains("A pod has left"));
                assertThat(counts.list("", null, 10, Consistency.CLUSTER).stale())
                        .isNotNull();

                membership.leaves = false;
                await().atMost(Duration.ofSeconds(4))
                        .until(() -> counts.read(K, Consistency.CLUSTER).stale() == null);
            }
        }
    }

    @Test
    @Invariant(number = "S8", text = "A pod that has not heard from the others answers no strong read")
    void aStrongReadNeedsAComparison() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            HazelcastReferenceCounts counts =
                    (HazelcastReferenceCounts) cluster.start().counts();
            assertThat(counts.read(K, Consistency.STRONG).stale()).isNull();

            // With this the comparisons end, as they do for a pod that does not reach the others.
            counts.close();
            await().atMost(Duration.ofSeconds(6))
                    .until(() -> counts.read(K, Consistency.CLUSTER).stale() != null);
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> counts.read(K, Consistency.STRONG))
                    .withMessageContaining("could not compare its memory");
        }
    }
}
