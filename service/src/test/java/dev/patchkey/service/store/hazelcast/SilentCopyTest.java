package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.spi.impl.PartitionSpecificRunnable;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The member that has the copy of a pod's row executes nothing for a while, as one does that is about to join. */
class SilentCopyTest {
    private final TestCluster cluster = TestCluster.of(2, 2).impatient();
    private TestCluster.Pod owner;
    private TestCluster.Pod copy;

    /** Of a pod whose row the owner has. */
    private String id;

    private Silence silence;

    /** What occupies the one thread that executes operations on a partition. */
    private static final class Silence implements PartitionSpecificRunnable {
        private final int partition;
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);

        private Silence(int partition) {
            this.partition = partition;
        }

        static Silence of(TestCluster.Pod pod, String key) throws InterruptedException {
            Silence silence = new Silence(
                    pod.member().getPartitionService().getPartition(key).getPartitionId());
            ((HazelcastInstanceProxy) pod.member())
                    .getOriginal()
                    .node
                    .getNodeEngine()
                    .getOperationService()
                    .execute(silence);
            silence.begun.await();
            return silence;
        }

        @Override
        public int getPartitionId() {
            return partition;
        }

        @Override
        public void run() {
            begun.countDown();
            try {
                ended.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }

        void end() {
            ended.countDown();
        }
    }

    /** The members, as they are looked at before each question. */
    private static class Observed extends Membership {

        /** The first is whether there is a row; each that follows is a sending. */
        int questions;

        Observed(TestCluster.Pod pod) {
            super(pod.member(), pod.quorum());
        }

        @Override
        void requireQuorum() {
            questions++;
            super.requireQuorum();
            if (questions == 3) {
                beforeTheSecondSending();
            }
        }

        void beforeTheSecondSending() {}
    }

    @BeforeEach
    void start() throws Exception {
        owner = cluster.start();
        copy = cluster.start();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> owner.member().getPartitionService().isClusterSafe());
        id = Stream.iterate(0, i -> i + 1)
                .map(i -> "pod-" + i)
                .filter(each -> Objects.requireNonNull(owner.member()
                                .getPartitionService()
                                .getPartition(each)
                                .getOwner())
                        .localMember())
                .findFirst()
                .orElseThrow();
        silence = Silence.of(copy, id);
    }

    @AfterEach
    void stop() {
        silence.end();
        cluster.close();
    }

    private Row row(long renewals) {
        return new Row(id, "pod-1", "c", Duration.ofSeconds(30), Duration.ofSeconds(15), Phase.SERVING, renewals);
    }

    @Test
    void aRowThatItsCopyDidNotConfirmIsSentAgain() {
        Observed membership = new Observed(owner) {
            @Override
            void beforeTheSecondSending() {
                silence.end();
            }
        };
        HazelcastPodRegistry registry = new HazelcastPodRegistry(owner.member(), membership);
        assertThat(registry.put(row(1)))
                .as("there was none, though the second sending finds that of the first")
                .isFalse();
        assertThat(membership.questions).isEqualTo(3);
        assertThat(registry.put(row(2))).isTrue();
        assertThat(registry.all()).containsExactly(row(2));
    }

    @Test
    void aCopyThatStaysSilentIsGivenUp() {
        Observed membership = new Observed(owner);
        HazelcastPodRegistry registry = new HazelcastPodRegistry(owner.member(), membership);
        assertThatThrownBy(() -> registry.put(row(1)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasCauseInstanceOf(IndeterminateOperationStateException.class);
        assertThat(membership.questions).isEqualTo(1 + HazelcastPodRegistry.MOST_SENDINGS);
        silence.end();
        registry.put(row(2));
        assertThat(registry.all()).containsExactly(row(2));
    }

    @Test
    @Invariant(
            number = "S5",
            text = "A pod's lease is renewed only by a row that a quorum has, whose members have stayed")
    void aRepeatIsNotSentWithoutAQuorum() {
        HazelcastPodRegistry registry = new HazelcastPodRegistry(owner.member(), new Observed(owner) {
            @Override
            void beforeTheSecondSending() {
                silence.end();
                throw new StoreUnavailableException("too few");
            }
        });
        assertThatThrownBy(() -> registry.put(row(1))).hasMessage("too few");
    }

    @Test
    @Invariant(
            number = "S5",
            text = "A pod's lease is renewed only by a row that a quorum has, whose members have stayed")
    void aRepeatDoesNotCountIfAMemberHasLeftMeanwhile() {
        HazelcastPodRegistry registry = new HazelcastPodRegistry(owner.member(), new Observed(owner) {
            private int left;

            @Override
            void beforeTheSecondSending() {
                silence.end();
            }

            @Override
            long departures() {
                return questions == 3 ? left++ : left;
            }
        });
        assertThatThrownBy(() -> registry.put(row(1)))
                .hasMessage("A member has left while the cluster was asked for its pods");
    }
}
