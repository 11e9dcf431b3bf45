package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Authority;
import dev.patchkey.service.store.CountsMap.Advance;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Two pods over two databases that have come together all the same, as two clusters do that Hazelcast merges. */
@ExtendWith(OutputCaptureExtension.class)
class StrangersTest {
    private static final KeyName KEY = new KeyName("k");
    private static final Advance ADVANCE = new Advance(new Version(1, 0), new Version(1, 1), List.of());

    private final TestCluster cluster = TestCluster.of(2, 2);

    @AfterEach
    void stop() {
        cluster.close();
    }

    private TestCluster.Pod pod(String database) {
        return cluster.start(new Authority("jdbc", database));
    }

    private static Published state(long epoch) {
        return new Published(KeyState.absent(KEY), epoch, 1);
    }

    private static void awaitBoth(TestCluster.Pod one) {
        await().until(() -> one.member().getCluster().getMembers().size() == 2);
        // So that the committer's partition has an owner, which both know.
        one.countsMap().publish(List.of(state(1)));
        await().atMost(Duration.ofSeconds(20))
                .until(() -> one.member().getPartitionService().isClusterSafe());
    }

    @Test
    @Invariant(number = "S1", text = "What is acknowledged is in the database of the pod that acknowledges it")
    void theySendEachOtherNoCommands() {
        TestCluster.Pod one = pod("one");
        TestCluster.Pod two = pod("two");
        awaitBoth(one);

        for (TestCluster.Pod each : List.of(one, two)) {
            assertThat(each.route().isHere()).isTrue();
            assertThatThrownBy(() -> each.route().forward(List.of(on("k").increment(1))))
                    .isInstanceOf(StoreUnavailableException.class);
        }
    }

    /** What the test above must be able to tell apart. */
    @Test
    void podsOverOneDatabaseHaveOneCommitter() {
        TestCluster.Pod one = pod("one");
        TestCluster.Pod two = pod("one");
        awaitBoth(one);

        await().until(() -> one.route().isHere() != two.route().isHere());
    }

    /** Two databases' versions do not compare: the later epoch of the other would look like changes that were lost. */
    @Test
    void theySeeNoStatesOfEachOther() {
        TestCluster.Pod one = pod("one");
        TestCluster.Pod two = pod("two");
        TestCluster.Pod oneToo = pod("one");
        List<Advance> heardByTwo = new CopyOnWriteArrayList<>();
        List<Advance> heardByOneToo = new CopyOnWriteArrayList<>();
        two.countsMap().onAnnounced(heardByTwo::add);
        oneToo.countsMap().onAnnounced(heardByOneToo::add);

        one.countsMap().publish(List.of(state(1)));
        two.countsMap().publish(List.of(state(2)));
        one.countsMap().announce(ADVANCE);

        assertThat(one.countsMap().get(KEY)).isEqualTo(state(1));
        assertThat(two.countsMap().get(KEY)).isEqualTo(state(2));
        await().until(() -> !heardByOneToo.isEmpty());
        assertThat(heardByTwo).isEmpty();
    }

    @Test
    void eachSaysSoOnceAndCountsTheOtherForNoQuorum(CapturedOutput output) {
        TestCluster.Pod one = pod("one");
        Strangers.watch(one.member());
        TestCluster.Pod two = pod("two");
        Strangers.watch(two.member());

        String by = "127\\.0\\.0\\.1:\\d+ is in cluster \\S+ and keeps its counts in jdbc:";
        await().untilAsserted(() -> assertThat(output.getAll().lines())
                .haveExactly(1, line(".*The pod at " + by + "two, and this one in jdbc:one: .*"))
                .haveExactly(1, line(".*The pod at " + by + "one, and this one in jdbc:two: .*")));
        assertThat(new Membership(one.member(), 2).belowQuorum()).contains("The cluster has 1 pods");
        assertThat(new Membership(two.member(), 2).belowQuorum()).contains("The cluster has 1 pods");
    }

    private static Condition<String> line(String pattern) {
        return new Condition<>(text -> text.matches(pattern), pattern);
    }

    @Test
    void theYoungerAloneIsTheOneThatMustNotStart() {
        TestCluster.Pod one = pod("one");
        TestCluster.Pod two = pod("two");

        assertThatCode(() -> Strangers.requireNoneBefore(one.member())).doesNotThrowAnyException();
        assertThatThrownBy(() -> Strangers.requireNoneBefore(two.member()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("patchkey.cluster.name must be shared by pods of one store and database alone");
    }
}
