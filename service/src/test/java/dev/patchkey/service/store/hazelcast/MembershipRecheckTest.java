package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The members change between the decision and its acknowledgement. */
class MembershipRecheckTest {

    /** Members that go while a batch is decided. */
    private static class Losing extends Membership {
        volatile boolean lost;

        Losing(HazelcastInstance hazelcast) {
            super(hazelcast, 1);
        }

        @Override
        boolean hasQuorum() {
            return !lost;
        }
    }

    /** Members of whom it is noticed each time that one has left. */
    private static final class Leaving extends Losing {
        private long left;

        Leaving(HazelcastInstance hazelcast) {
            super(hazelcast);
        }

        @Override
        long departures() {
            return lost ? left++ : left;
        }

        @Override
        boolean hasQuorum() {
            return true;
        }
    }

    /** The broken variant: whatever happens, it is not looked at again. */
    private static final class NeverRechecked extends Losing {
        NeverRechecked(HazelcastInstance hazelcast) {
            super(hazelcast);
        }

        @Override
        boolean hasQuorum() {
            return true;
        }
    }

    /** Whether a batch is acknowledged while the members are changing. */
    private static boolean isAcknowledgedTooSoon(TestCluster.Pod pod, Losing membership, String key) throws Exception {
        HazelcastCommits commits = new HazelcastCommits(pod.member(), membership, () -> 1, () -> 1);
        membership.lost = true;
        CompletableFuture<List<Outcome>> outcomes = CompletableFuture.supplyAsync(
                () -> commits.execute(List.of(on(key).increment(1))), Thread::startVirtualThread);
        boolean tooSoon = isDone(outcomes);
        membership.lost = false;
        assertThat(outcomes.get(10, TimeUnit.SECONDS))
                .as("however often it was sent, it is done once")
                .containsExactly(new Outcome.Done(1, new Version(1, 1), true));
        return tooSoon;
    }

    private static boolean isDone(CompletableFuture<?> outcomes) throws InterruptedException, ExecutionException {
        try {
            outcomes.get(1, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException waits) {
            return false;
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing is acknowledged that a member who has just left may have taken with it")
    void anAnswerCountsOnlyIfTheMembersAreStillThere() throws Exception {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            assertThat(isAcknowledgedTooSoon(pod, new Losing(pod.member()), "quorum-lost"))
                    .isFalse();
            assertThat(isAcknowledgedTooSoon(pod, new Leaving(pod.member()), "member-left"))
                    .isFalse();
            assertThat(isAcknowledgedTooSoon(pod, new NeverRechecked(pod.member()), "broken"))
                    .as("a store that does not look again is caught")
                    .isTrue();
        }
    }
}
