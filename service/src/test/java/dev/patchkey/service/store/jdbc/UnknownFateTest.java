package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.jdbc.FaultyDataSource.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Commits whose answer is lost. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class UnknownFateTest {
    private final TestDatabase.Kind kind;
    private TestDatabase database;
    private FaultyDataSource faulty;
    private JdbcCommits commits;

    @SuppressWarnings("NullAway.Init") // start() is run first
    UnknownFateTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        database = TestDatabase.of(kind, directory);
        use(UnaryOperator.identity());
    }

    private void use(UnaryOperator<String> rewrite) throws Exception {
        faulty = new FaultyDataSource(database.dataSource(), rewrite);
        commits = new JdbcCommits(
                faulty.dataSource(),
                Durability.of(faulty.dataSource()),
                (before, after, states) -> {},
                () -> new Version(0, 0),
                "pod-" + System.nanoTime());
    }

    @AfterEach
    void stop() {
        database.close();
    }

    private int increment() {
        return count(commits.execute(List.of(on("k").increment(1))));
    }

    private static int count(List<Outcome> outcomes) {
        return ((Outcome.Done) outcomes.getFirst()).count();
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, where a commit's own answer was lost")
    void aCommitThatHappenedIsAcknowledged() {
        assertThat(increment()).isEqualTo(1);
        faulty.failNextCommit(Fault.COMMITTED_AND_LOST);
        assertThat(increment()).isEqualTo(2);
        assertThat(increment()).isEqualTo(3);
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that")
    void aCommitThatDidNotHappenIsReportedAsNotApplied() {
        assertThat(increment()).isEqualTo(1);
        faulty.failNextCommit(Fault.NOT_COMMITTED);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(increment()).isEqualTo(2);
    }

    @Test
    void aFateIsLookedUpAgainWhileTheDatabaseIsAway() {
        faulty.failNextCommit(Fault.COMMITTED_AND_GONE);
        assertThat(increment()).isEqualTo(1);
        assertThat(increment()).isEqualTo(2);
    }

    /** The broken variant: a store that does not find its batch number takes what happened for what did not. */
    @Test
    void theCheckCatchesAStoreWithoutBatchNumbers() throws Exception {
        use(sql -> sql.startsWith("SELECT batch FROM committers") ? sql + " AND 1 = 0" : sql);
        assertThatThrownBy(this::aCommitThatHappenedIsAcknowledged).isInstanceOf(StoreUnavailableException.class);
        assertThat(increment()).as("what was reported as not applied was").isEqualTo(3);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost, where the pod does not know that it is durable")
    void aRepeatIsAnsweredOnceWhatItTellsOfIsKnownToBeDurable() throws Exception {
        Command request = requested(on("k").acquire("alice", Duration.ofMinutes(1)), "request", "hash");
        List<Outcome> first = commits.execute(List.of(request));
        faulty.failNextCommit(Fault.NOT_COMMITTED);
        assertThat(commits.execute(List.of(request)))
                .as("its own commit: there is nothing to wait for")
                .isEqualTo(first);
        use(UnaryOperator.identity());
        faulty.failNextCommit(Fault.NOT_COMMITTED);
        assertThatThrownBy(() -> commits.execute(List.of(request)))
                .as("the commit of another pod, of which this one knows nothing")
                .isInstanceOf(OutcomeUnknownException.class);
        assertThat(commits.execute(List.of(request))).isEqualTo(first);
    }

    @Test
    void aBatchFailsWholeForOneCommandsSake() {
        Command tooLong = requested(on("k").increment(1), "x".repeat(600), "hash");
        assertThatThrownBy(() -> commits.execute(List.of(on("k").increment(1), tooLong)))
                .isInstanceOfSatisfying(
                        StoreUnavailableException.class,
                        failure -> assertThat(JdbcCommits.isWorthSplitting(failure))
                                .isTrue());
        assertThat(increment()).isEqualTo(1);
    }

    /** The broken variant of the contract's check of retries: a store that remembers no requests does them twice. */
    @Test
    void aStoreThatRemembersNoRequestsDoesThemTwice() throws Exception {
        use(sql -> sql.contains("FROM requests")
                ? sql + " AND 1 = 0"
                : sql.replace("INSERT INTO requests", "INSERT INTO lost_requests"));
        try (var connection = database.dataSource().getConnection()) {
            connection.createStatement().execute("CREATE TABLE lost_requests AS SELECT * FROM requests");
        }
        Command request = requested(on("k").increment(1), "request", "hash");
        assertThat(commits.execute(List.of(request))).isNotEqualTo(commits.execute(List.of(request)));
    }
}
