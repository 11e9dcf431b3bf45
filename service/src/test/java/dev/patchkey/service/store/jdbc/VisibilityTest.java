package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a committer makes visible before it answers. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class VisibilityTest {
    private static final int CALLERS = 4;
    private static final int ROUNDS = 20;

    private final TestDatabase.Kind kind;

    VisibilityTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    private static JdbcCommits commits(TestDatabase database, JdbcCommits.Publication publication) {
        return new JdbcCommits(
                database.dataSource(), database.durability(), publication, () -> new Version(0, 0), "pod");
    }

    @Test
    @Invariant(
            number = "S4",
            text =
                    "Revisions order the changes of a key by commit: what is answered is visible, and so is all before it")
    void changesAreVisibleInTheirOrderBeforeTheyAreAnswered(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            check(database, UnaryOperator.identity());
        }
    }

    /** The broken variant: a committer that does not wait for what it has made visible. */
    @Test
    void theCheckCatchesACommitterThatAnswersBeforeItsChangesAreVisible(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            assertThatThrownBy(() -> check(
                            database,
                            right -> (before, after, states) ->
                                    Thread.startVirtualThread(() -> right.publish(before, after, states))))
                    .isInstanceOf(AssertionError.class);
        }
    }

    private static void check(TestDatabase database, UnaryOperator<JdbcCommits.Publication> variant) throws Exception {
        ConcurrentLinkedQueue<String> violations = new ConcurrentLinkedQueue<>();
        AtomicReference<Version> visible = new AtomicReference<>();
        JdbcCommits commits = commits(database, variant.apply((before, after, states) -> {
            pause();
            Version was = visible.getAndSet(after);
            if (was != null && !was.equals(before)) {
                violations.add(after + " was made visible on top of " + was + " instead of " + before);
            }
        }));
        try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                // Every other command is refused, which tells of the changes before it all the same.
                Command command = i % 2 == 0 ? on("k").increment(1) : on("k").decrement(Integer.MAX_VALUE);
                all.add(callers.submit(() -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        long committed = revision(database);
                        Outcome outcome = commits.execute(List.of(command)).getFirst();
                        long needed = outcome instanceof Outcome.Done done
                                ? done.version().revision()
                                : committed;
                        Version now = visible.get();
                        if (needed > 0 && (now == null || now.revision() < needed)) {
                            violations.add(outcome + " was answered when only " + now + " was visible");
                        }
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        assertThat(violations).isEmpty();
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long revision(TestDatabase database) {
        try {
            return database.durability()
                    .read(
                            database.dataSource(),
                            connection -> Head.read(connection).revision());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
