package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.View;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A database that is an older copy of itself. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class RestoredDatabaseTest {
    private static final KeyName LOST = new KeyName("lost");

    private final TestDatabase.Kind kind;

    RestoredDatabaseTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    private static Outcome.Done increment(JdbcReferenceCounts counts, String key) {
        return (Outcome.Done) counts.submit(on(key).increment(1)).join();
    }

    /** Two changes that the backup has, and three that it lacks. */
    private static void change(JdbcReferenceCounts counts) {
        increment(counts, "kept");
        increment(counts, "kept");
        for (int i = 0; i < 3; i++) {
            increment(counts, LOST.value());
        }
    }

    /** Makes the database what it was after the second change. */
    private static void restore(TestDatabase database) throws SQLException {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("UPDATE head SET revision = 2, batch = 2");
            statement.execute("UPDATE committers SET batch = 2");
            statement.execute("DELETE FROM changes WHERE revision > 2");
            statement.execute("DELETE FROM feature_keys WHERE revision > 2");
            connection.commit();
        }
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key: none is given twice within an epoch")
    void aRunningPodBeginsANewEpochByItself(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts = database.counts(cluster.start())) {
            change(counts);
            Version before = counts.view().version();
            List<Version> replaced = new CopyOnWriteArrayList<>();
            counts.view().subscribe(new View.Listener() {
                @Override
                public void changed(View.Entry entry) {}

                @Override
                public void replaced(Version version) {
                    replaced.add(version);
                }
            });
            restore(database);
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(
                            () -> assertThat(counts.view().version().epoch()).isGreaterThan(before.epoch()));
            assertThat(replaced).containsExactly(counts.view().version());
            assertThat(counts.view().version().revision()).isEqualTo(2);
            assertThat(counts.view().get(LOST)).isNull();
            for (Consistency consistency : Consistency.values()) {
                assertThat(counts.read(LOST, consistency).state().count()).isZero();
            }
            Outcome.Done again = increment(counts, LOST.value());
            assertThat(again.count()).isEqualTo(1);
            assertThat(again.version())
                    .isEqualTo(new Version(replaced.getFirst().epoch(), 3));
            assertThat(counts.view().get(LOST)).isEqualTo(new View.Entry(LOST, 1, again.version()));
        }
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key: none is given twice within an epoch")
    void aCommandThatComesBeforeTheNextLookBelongsToTheNewEpoch(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            Version seen = new Version(Long.MAX_VALUE / 2, 5);
            JdbcCommits commits = new JdbcCommits(
                    database.dataSource(),
                    Durability.of(database.dataSource()),
                    (before, after, states) -> {},
                    () -> seen,
                    "pod");
            Outcome.Done done = (Outcome.Done)
                    commits.execute(List.of(on("k").increment(1))).getFirst();
            assertThat(done.version()).isEqualTo(new Version(seen.epoch() + 1, 1));
        }
    }

    @Test
    void aStartThatIsToldSoBeginsANewEpoch(@TempDir Path directory) throws Exception {
        Version before;
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            try (TestCluster cluster = TestCluster.ofOne();
                    JdbcReferenceCounts counts = database.counts(cluster.start())) {
                change(counts);
                before = counts.view().version();
            }
            restore(database);
            NewEpoch.begin(database.dataSource(), Durability.of(database.dataSource()));
            try (TestCluster cluster = TestCluster.ofOne();
                    JdbcReferenceCounts counts = database.counts(cluster.start())) {
                assertThat(counts.view().version().epoch()).isGreaterThan(before.epoch());
                assertThat(increment(counts, LOST.value()).version().revision()).isEqualTo(3);
            }
        }
    }
}
