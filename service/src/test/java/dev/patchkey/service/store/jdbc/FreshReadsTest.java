package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.BesideOthers;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.ReferenceCounts.Page;
import dev.patchkey.service.store.ReferenceCounts.Read;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a pod reads right after another pod, of whichever cluster, has acknowledged a change. */
@BesideOthers
class FreshReadsTest {
    private static final String TEXT =
            "Through a ready pod a read is not older than any change acknowledged before it through any pod";
    private static final KeyName K = new KeyName("k");
    private static final int ROUNDS = 200;

    private volatile boolean away;

    private ReadIndex index(TestDatabase database) {
        ReadIndex head = ReadIndex.askingHead(database.dataSource(), database.durability());
        return new ReadIndex(() -> {
            if (away) {
                throw new SQLException("the test says so");
            }
            Version version = head.ask();
            if (version == null) {
                throw new SQLException("the head did not answer");
            }
            return version;
        });
    }

    /** The broken variant: it takes the memory of the cluster for the truth. */
    private static ReadIndex trusting() {
        return new ReadIndex(null);
    }

    /** The map of a pod whose publications and events get lost, as beyond a split. */
    private static final class LosingMap extends ForwardingMap {
        LosingMap(CountsMap real) {
            super(real);
        }

        @Override
        public void publish(Collection<Published> states) {
            throw new StoreUnavailableException("the test says so");
        }

        @Override
        public void announce(Advance advance) {
            // None is heard of.
        }

        @Override
        public void onAnnounced(Consumer<Advance> listener) {
            // None is heard of.
        }

        @Override
        public void onDisturbance(Runnable listener) {
            // None is heard of.
        }
    }

    /** How many of the reads, by key and by list, right after an acknowledgement elsewhere were older and not marked. */
    private static int outdated(JdbcReferenceCounts writer, JdbcReferenceCounts reader, String churned) {
        int outdated = 0;
        for (int i = 0; i < ROUNDS; i++) {
            CompletableFuture<Outcome> churn = writer.submit(on(churned).increment(1));
            Outcome.Done done =
                    (Outcome.Done) writer.submit(on("k").increment(1)).join();
            Read read = reader.read(K, Consistency.CLUSTER);
            if (read.stale() == null && !read.version().isAtLeast(done.version())) {
                outdated++;
            }
            Page page = reader.list("k", null, 1, Consistency.CLUSTER);
            boolean listed = page.version().isAtLeast(done.version())
                    && page.reads().size() == 1
                    && page.reads().getFirst().version().isAtLeast(done.version());
            if (page.stale() == null && !listed) {
                outdated++;
            }
            churn.join();
        }
        return outdated;
    }

    @Test
    @Invariant(number = "S8", text = TEXT)
    void readsThroughAnotherPodOfTheCluster(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(3, 1);
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
                JdbcReferenceCounts one = database.counts(cluster.start(), index(database));
                JdbcReferenceCounts two = database.counts(cluster.start(), index(database));
                JdbcReferenceCounts three = database.counts(cluster.start(), index(database))) {
            assertThat(outdated(one, two, "churn")).isZero();
            assertThat(outdated(two, three, "churn")).isZero();
            assertThat(outdated(three, one, "churn")).isZero();
        }
    }

    @Test
    @Invariant(number = "S8", text = TEXT)
    void readsThroughAPodOfAnotherCluster(@TempDir Path directory) {
        try (TestCluster old = TestCluster.ofOne();
                TestCluster fresh = TestCluster.ofOne();
                TestCluster third = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
                JdbcReferenceCounts one = database.counts(old.start(), index(database));
                JdbcReferenceCounts two = database.counts(fresh.start(), index(database));
                JdbcReferenceCounts broken = database.counts(third.start(), trusting())) {
            assertThat(outdated(one, two, "churn")).isZero();
            assertThat(outdated(two, one, "churn")).isZero();
            assertThat(outdated(one, broken, "churn"))
                    .as("a pod that trusts the cluster's memory is caught")
                    .isPositive();
        }
    }

    @Test
    @Invariant(number = "S8", text = TEXT)
    void readsThroughAPodThatHearsNothingOfTheOthers(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
                JdbcReferenceCounts deaf = deaf(cluster, database, index(database));
                JdbcReferenceCounts other = database.counts(cluster.start(), index(database))) {
            assertThat(outdated(other, deaf, "churn")).isZero();
            assertThat(outdated(deaf, other, "churn")).isZero();
        }
    }

    @Test
    @Invariant(number = "S8", text = TEXT)
    void readsAreMarkedWhereTheDatabaseDoesNotSayHowFarItHasCome(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
                JdbcReferenceCounts counts = database.counts(cluster.start(), index(database))) {
            counts.submit(on("k").increment(1)).join();
            assertThat(counts.read(K, Consistency.CLUSTER).stale()).isNull();
            Instant before = Instant.now();
            away = true;
            Read read = counts.read(K, Consistency.CLUSTER);
            assertThat(read.state().count()).isEqualTo(1);
            assertThat(read.stale())
                    .isNotNull()
                    .satisfies(stale -> assertThat(stale.since()).isBetween(before.minusSeconds(3), Instant.now()));
            assertThat(counts.list("", null, 10, Consistency.CLUSTER).stale()).isNotNull();
            away = false;
            assertThat(counts.read(K, Consistency.CLUSTER).stale()).isNull();
        }
    }

    @Test
    @Invariant(number = "S3", text = "A pod converges within a bounded time, whatever events were lost")
    void aPodThatHearsNothingConvergesByReconciliationAlone(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory)) {
            JdbcReferenceCounts deaf = deaf(cluster, database, index(database));
            JdbcReferenceCounts other = database.counts(cluster.start());
            for (int i = 0; i < 3; i++) {
                Outcome.Done done =
                        (Outcome.Done) other.submit(on("k").increment(1)).join();
                await().atMost(Duration.ofSeconds(4))
                        .until(() -> deaf.view().version().isAtLeast(done.version()));
            }
            Outcome.Done deleted = delete(other);
            await().atMost(Duration.ofSeconds(4))
                    .until(() -> deaf.view().version().isAtLeast(deleted.version()));
            assertThat(deaf.view().get(K)).isNotNull().satisfies(entry -> {
                assertThat(entry.count()).isZero();
                assertThat(entry.version()).isEqualTo(deleted.version());
            });

            // The broken variant: it neither hears nor reconciles.
            deaf.close();
            Outcome.Done missed =
                    (Outcome.Done) other.submit(on("k").increment(1)).join();
            await().during(Duration.ofSeconds(4))
                    .atMost(Duration.ofSeconds(6))
                    .until(() -> !deaf.view().version().isAtLeast(missed.version()));
        }
    }

    private static JdbcReferenceCounts deaf(TestCluster cluster, TestDatabase database, ReadIndex index) {
        TestCluster.Pod pod = cluster.start();
        return database.counts(new LosingMap(pod.countsMap()), pod.route(), index);
    }

    private static Outcome.Done delete(JdbcReferenceCounts counts) {
        counts.submit(on("k").decrement(3)).join();
        return (Outcome.Done) counts.submit(on("k").delete()).join();
    }

    @Test
    void withoutTheDatabaseReadsGoOnFromMemoryMarkedAndChangesAreRefused(@TempDir Path directory) {
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory)) {
            FaultyDataSource faulty = new FaultyDataSource(database.dataSource(), sql -> sql);
            JdbcReferenceCounts counts = TestDatabase.counts(cluster.start(), faulty.dataSource());
            counts.submit(on("k").increment(1)).join();
            assertThat(counts.stale()).isNull();
            faulty.away(true);
            await().atMost(Duration.ofSeconds(10)).until(() -> counts.stale() != null);
            Read read = counts.read(K, Consistency.CLUSTER);
            assertThat(read.state().count()).isEqualTo(1);
            assertThat(read.stale()).isNotNull();
            assertThatThrownBy(() -> counts.submit(on("k").increment(1)).join())
                    .hasCauseInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> counts.read(K, Consistency.STRONG)).isInstanceOf(StoreUnavailableException.class);
            faulty.away(false);
            await().atMost(Duration.ofSeconds(5)).until(() -> counts.stale() == null);
            counts.close();
        }
    }
}
