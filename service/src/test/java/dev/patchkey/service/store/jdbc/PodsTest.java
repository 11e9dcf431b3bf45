package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.BesideOthers;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Commands;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Several pods over one database. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
@BesideOthers
class PodsTest {
    private static final KeyName K = new KeyName("k");

    private final TestDatabase.Kind kind;

    PodsTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    private static Outcome.Done submit(JdbcReferenceCounts counts, Command command) {
        return (Outcome.Done) counts.submit(command).join();
    }

    @Test
    @Invariant(number = "S3", text = "Every change reaches every pod's view, within a bounded time")
    void podsOfOneClusterShareACommitterAndSeeEachOther(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts one = database.counts(cluster.start());
                JdbcReferenceCounts two = database.counts(cluster.start())) {
            Commands on = on("k");
            for (int i = 1; i <= 20; i++) {
                JdbcReferenceCounts here = i % 2 == 0 ? one : two;
                Outcome.Done done = submit(here, on.increment(1));
                assertThat(done.count()).isEqualTo(i);
                assertThat(here.read(K, Consistency.CLUSTER).version()).isEqualTo(done.version());
                assertThat(here.view().get(K))
                        .isNotNull()
                        .satisfies(entry -> assertThat(entry.version()).isEqualTo(done.version()));
                JdbcReferenceCounts there = i % 2 == 0 ? two : one;
                await().atMost(Duration.ofSeconds(3))
                        .until(() -> there.view().version().isAtLeast(done.version()));
            }
            Command request = requested(on.increment(1), "request", "hash");
            assertThat(submit(one, request)).isEqualTo(submit(two, request));
            assertThat(one.fenceConflicts() + two.fenceConflicts())
                    .as("one pod commits for both, so the fence has nothing to do")
                    .isZero();
        }
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds of the dead within lease + a bounded delay")
    void aLeaseEndsWhileThePodThatCommitsIsCutOffFromTheDatabase(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(kind, directory)) {
            TestCluster.Pod first = cluster.start();
            TestCluster.Pod second = cluster.start();
            await().until(() -> first.route().isHere() != second.route().isHere());
            boolean firstCommits = first.route().isHere();
            FaultyDataSource cut = new FaultyDataSource(database.dataSource(), sql -> sql);
            try (JdbcReferenceCounts committing = TestDatabase.counts(firstCommits ? first : second, cut.dataSource());
                    JdbcReferenceCounts other = database.counts(firstCommits ? second : first)) {
                cut.away(true);
                submit(other, on("k").acquire("alice", Duration.ofMillis(1)));
                await().atMost(Duration.ofSeconds(15))
                        .untilAsserted(() -> assertThat(other.read(K, Consistency.STRONG)
                                        .state()
                                        .count())
                                .isZero());
                assertThat((firstCommits ? first : second).route().isHere())
                        .as("the pod that is cut off keeps its place")
                        .isTrue();
                cut.away(false);
                await().atMost(Duration.ofSeconds(5))
                        .until(() -> committing
                                .view()
                                .version()
                                .isAtLeast(other.view().version()));
            }
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled by two clusters over one database")
    void twoClustersOverOneDatabaseCountTogether(@TempDir Path directory) {
        try (TestCluster old = TestCluster.ofOne();
                TestCluster fresh = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts one = database.counts(old.start());
                JdbcReferenceCounts two = database.counts(fresh.start())) {
            List<CompletableFuture<Outcome>> all = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                all.add((i % 2 == 0 ? one : two).submit(on("k").increment(1)));
            }
            assertThat(all.stream()
                            .map(outcome -> ((Outcome.Done) outcome.join()).version())
                            .distinct())
                    .hasSize(500);
            // All of it may have been one batch of each; these are batches in turn.
            for (int i = 500; i < 504; i++) {
                assertThat(submit(i % 2 == 0 ? one : two, on("k").increment(1)).count())
                        .isEqualTo(i + 1);
            }
            assertThat(one.read(K, Consistency.STRONG).state().count()).isEqualTo(504);
            assertThat(one.fenceConflicts() + two.fenceConflicts())
                    .as("two commit at once, and it shows")
                    .isPositive();
            await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
                for (JdbcReferenceCounts each : List.of(one, two)) {
                    assertThat(each.read(K, Consistency.CLUSTER).state().count())
                            .isEqualTo(504);
                    assertThat(each.view().version())
                            .isEqualTo(one.read(K, Consistency.STRONG).version());
                }
            });
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled when the committer moves")
    void theCommitterMovesWithItsPartition(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory)) {
            TestCluster.Pod first = cluster.start();
            TestCluster.Pod second = cluster.start();
            JdbcReferenceCounts one = database.counts(first);
            JdbcReferenceCounts two = database.counts(second);
            await().until(() -> first.route().isHere() != second.route().isHere());
            boolean firstCommits = first.route().isHere();
            TestCluster.Pod leaving = firstCommits ? first : second;
            JdbcReferenceCounts gone = firstCommits ? one : two;
            JdbcReferenceCounts staying = firstCommits ? two : one;
            for (int i = 1; i <= 10; i++) {
                assertThat(submit(staying, on("k").increment(1)).count()).isEqualTo(i);
            }
            gone.close();
            for (int i = 11; i <= 20; i++) {
                assertThat(submit(staying, on("k").increment(1)).count())
                        .as("a committer that has closed takes nothing, so any other decides")
                        .isEqualTo(i);
            }
            leaving.member().shutdown();
            assertThat((firstCommits ? second : first).route().isHere()).isTrue();
            for (int i = 21; i <= 30; i++) {
                assertThat(submit(staying, on("k").increment(1)).count()).isEqualTo(i);
            }
            staying.close();
        }
    }
}
