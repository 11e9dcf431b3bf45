package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Commands;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Two committers over one database, neither knowing of the other. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class FenceTest {
    private static final int ROUNDS = 60;
    private static final int BATCH = 5;

    private final TestDatabase.Kind kind;

    FenceTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost or doubled, with any number of pods committing at once (and S4: no"
                    + " revision is given twice)")
    void theFenceHoldsBetweenTwoCommitters(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            check(database, UnaryOperator.identity());
        }
    }

    /** The broken variant: a store without the fence. A unique revision is the second guard, and is taken away too. */
    @Test
    void theCheckCatchesAStoreWithoutTheFence(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory);
                Connection connection = database.dataSource().getConnection()) {
            connection
                    .createStatement()
                    .execute(
                            kind == TestDatabase.Kind.H2
                                    ? "ALTER TABLE changes DROP PRIMARY KEY"
                                    : "ALTER TABLE changes DROP CONSTRAINT changes_pkey");
            assertThatThrownBy(() -> check(database, sql -> sql.replace(" FOR UPDATE", "")))
                    .isInstanceOf(AssertionError.class);
        }
    }

    private static void check(TestDatabase database, UnaryOperator<String> rewrite) throws Exception {
        DataSource dataSource = new FaultyDataSource(database.dataSource(), rewrite).dataSource();
        Durability durability = Durability.of(dataSource);
        List<Version> versions = Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService pods = Executors.newFixedThreadPool(2)) {
            List<Future<?>> all = new ArrayList<>();
            for (String pod : List.of("pod-a", "pod-b")) {
                JdbcCommits commits = new JdbcCommits(
                        dataSource, durability, (before, after, states) -> {}, () -> new Version(0, 0), pod);
                all.add(pods.submit(() -> run(commits, versions)));
            }
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
        int count = durability.read(
                dataSource,
                connection -> StateTables.read(connection, List.of(new KeyName("k")))
                        .getOrDefault(new KeyName("k"), StateTables.Row.absent(new KeyName("k")))
                        .state()
                        .count());
        assertThat(versions.stream().distinct()).as("revisions given").hasSize(versions.size());
        assertThat(count)
                .as("the count, after %d acknowledged increments", versions.size())
                .isEqualTo(versions.size());
    }

    private static void run(JdbcCommits commits, List<Version> versions) {
        Commands on = on("k");
        for (int i = 0; i < ROUNDS; i++) {
            try {
                commits.execute(Collections.nCopies(BATCH, on.increment(1)))
                        .forEach(outcome -> versions.add(((Outcome.Done) outcome).version()));
            } catch (StoreUnavailableException e) {
                // Surely not applied: H2 may see a deadlock where there is no fence.
                assertThat(e.getCause()).isNotNull();
            }
        }
    }
}
