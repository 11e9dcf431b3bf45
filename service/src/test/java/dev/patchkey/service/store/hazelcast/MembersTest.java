package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** Several members, some of which go. */
class MembersTest {
    private static final int KEYS = 40;

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled under the loss of one pod at a time")
    void theLossOfAMemberLosesNothingAcknowledged() throws Exception {
        try (TestCluster cluster = TestCluster.of(2, 1);
                ExecutorService pool = Executors.newFixedThreadPool(8)) {
            ReferenceCounts counts = cluster.start().counts();
            TestCluster.Pod other = cluster.start();
            other.counts();
            AtomicIntegerArray acknowledged = new AtomicIntegerArray(KEYS);
            AtomicIntegerArray unknown = new AtomicIntegerArray(KEYS);
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int offset = t * 5;
                all.add(pool.submit(() -> {
                    for (int i = 0; i < 400; i++) {
                        int key = (offset + i) % KEYS;
                        try {
                            counts.submit(on("k" + key).increment(1)).join();
                            acknowledged.incrementAndGet(key);
                        } catch (CompletionException e) {
                            unknown.incrementAndGet(key);
                        }
                    }
                }));
            }
            Thread.sleep(200);
            other.kill();
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
            for (int key = 0; key < KEYS; key++) {
                int count = counts.read(new KeyName("k" + key), Consistency.STRONG)
                        .state()
                        .count();
                assertThat(count).isBetween(acknowledged.get(key), acknowledged.get(key) + unknown.get(key));
            }
        }
    }

    @Test
    void theViewsOfAllPodsSeeAChange() {
        try (TestCluster cluster = TestCluster.of(2, 2)) {
            ReferenceCounts one = cluster.start().counts();
            ReferenceCounts two = cluster.start().counts();
            for (int i = 0; i < 20; i++) {
                Outcome.Done done =
                        (Outcome.Done) one.submit(on("seen" + i).increment(1)).join();
                KeyName key = new KeyName("seen" + i);
                await().until(() -> two.view().get(key) != null);
                assertThat(two.read(key, Consistency.CLUSTER).version()).isEqualTo(done.version());
            }
        }
    }

    @Test
    @Invariant(
            number = "S2",
            text = "An error that surely was not applied says that: without a quorum nothing is changed")
    void withoutAQuorumNothingIsChanged() {
        try (TestCluster cluster = TestCluster.of(1, 3)) {
            ReferenceCounts counts = cluster.start().counts();
            assertThatThrownBy(() -> counts.submit(on("k").increment(1)).join())
                    .hasCauseInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("patchkey.cluster.size");
            assertThat(counts.read(new KeyName("k"), Consistency.CLUSTER)
                            .state()
                            .count())
                    .isZero();
        }
    }
}
