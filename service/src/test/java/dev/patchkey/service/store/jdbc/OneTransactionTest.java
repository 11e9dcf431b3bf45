package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A batch that ends at any of its statements. */
class OneTransactionTest {
    private static final List<String> TABLES =
            List.of("head", "committers", "feature_keys", "holds", "ended_holds", "requests", "changes");

    /** More than a batch has. */
    private static final int MOST_STATEMENTS = 30;

    /** Something for each table. */
    private static List<Command> batch() {
        return List.of(
                requested(on("counted").increment(2), "request", "hash"),
                on("held").acquire("alice", Duration.ofMinutes(5)),
                on("held").acquire("node", new NodeStamp(1, 1, "s")),
                on("held").release("gone", new NodeStamp(1, 2, "s")));
    }

    @ParameterizedTest
    @EnumSource
    @Invariant(
            number = "S1",
            text =
                    "Nothing acknowledged is lost or doubled: counts, holds, requests and history are written together or"
                            + " not at all")
    void allOfItIsWrittenOrNothing(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            assertThat(kill(database, false))
                    .as("statements, each of which was killed once")
                    .isGreaterThan(2);
        }
    }

    /**
     * The broken variant: a store that commits each statement by itself. On H2 alone: on PostgreSQL a batch writes all by
     * one statement.
     */
    @Test
    void theCheckCatchesAStoreWithoutTransactions(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(TestDatabase.Kind.H2, directory)) {
            assertThatThrownBy(() -> kill(database, true)).isInstanceOf(AssertionError.class);
        }
    }

    /** Kills the batch at its first statement, then at its second, until none is left; says how many there were. */
    private static int kill(TestDatabase database, boolean commitEach) throws Exception {
        Map<String, Long> before = rows(database);
        for (int fatal = 1; fatal < MOST_STATEMENTS; fatal++) {
            AtomicInteger left = new AtomicInteger(fatal);
            FaultyDataSource faulty = new FaultyDataSource(database.dataSource(), sql -> {
                if (left.decrementAndGet() == 0) {
                    throw new IllegalStateException("killed at: " + sql);
                }
                return sql;
            });
            faulty.commitBeforeEachStatement(commitEach);
            JdbcCommits commits = new JdbcCommits(
                    faulty.dataSource(),
                    database.durability(),
                    (was, is, states) -> {},
                    () -> new Version(0, 0),
                    "pod-" + fatal);
            try {
                commits.execute(batch());
            } catch (StoreUnavailableException e) {
                assertThat(rows(database)).as("after %s", e.getMessage()).isEqualTo(before);
                continue;
            }
            assertThat(left.get()).as("the batch came through whole").isPositive();
            Map<String, Long> after = rows(database);
            assertThat(after).containsEntry("changes", 3L).containsEntry("requests", 1L);
            assertThat(after).containsEntry("feature_keys", 2L).containsEntry("holds", 2L);
            assertThat(after).containsEntry("ended_holds", 1L);
            return fatal - 1;
        }
        throw new AssertionError("a batch of more than " + MOST_STATEMENTS + " statements");
    }

    private static Map<String, Long> rows(TestDatabase database) throws Exception {
        Map<String, Long> rows = new TreeMap<>();
        try (Connection connection = database.dataSource().getConnection()) {
            for (String table : TABLES) {
                rows.put(
                        table,
                        Sql.query(connection, "SELECT COUNT(*) FROM " + table, row -> row.getLong(1))
                                .getFirst());
            }
            rows.put("revision", Head.read(connection).revision());
        }
        return rows;
    }
}
