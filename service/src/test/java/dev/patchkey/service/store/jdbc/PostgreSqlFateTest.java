package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.BesideOthers;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Fault;
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Commits to a real server, over a network that breaks as the COMMIT is under way. */
@BesideOthers
class PostgreSqlFateTest {
    /** The driver then sends the word each time, and not a statement's name for it. */
    private static final String PLAINLY = "?prepareThreshold=0";

    private static final String AHEAD = "WITH fence";

    /** More than a batch has. */
    private static final int MOST_MESSAGES = 20;

    private TestDatabase database;
    private TcpProxy proxy;
    private HikariDataSource pool;
    private FaultyDataSource faulty;
    private JdbcCommits commits;

    /** How many batches the pod has sent ahead of the fence. */
    private int ahead;

    @SuppressWarnings("NullAway.Init") // start() is run first
    PostgreSqlFateTest() {}

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
        proxy = new TcpProxy(PostgreSqlServer.shared().port());
        String url = TestDatabase.url(TestDatabase.Kind.POSTGRESQL, directory);
        pool = TestDatabase.pool(PostgreSqlServer.url(proxy.port(), url.substring(url.lastIndexOf('/') + 1)) + PLAINLY);
        use(UnaryOperator.identity());
        assertThat(increment()).isEqualTo(1);
        use(UnaryOperator.identity());
    }

    private void use(UnaryOperator<String> rewrite) throws Exception {
        ahead = 0;
        faulty = new FaultyDataSource(pool, sql -> {
            ahead += sql.startsWith(AHEAD) ? 1 : 0;
            return rewrite.apply(sql);
        });
        commits = new JdbcCommits(
                faulty.dataSource(),
                Durability.of(pool),
                (before, after, states) -> {},
                () -> new Version(0, 0),
                "pod-" + System.nanoTime());
    }

    @AfterEach
    void stop() {
        pool.close();
        proxy.close();
        database.close();
    }

    private int increment() {
        return ((Outcome.Done) commits.execute(List.of(on("k").increment(1))).getFirst()).count();
    }

    /** What the database has, by a way that is sound. */
    private int count() {
        return database.count("k");
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, where a commit's own answer was lost")
    void aCommitWhoseAnswerIsCutOffIsAnsweredWithItsOutcome() throws Exception {
        proxy.trap("COMMIT", Fault.CUT_AFTER);
        assertThat(increment()).isEqualTo(2);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(2);
        assertThat(increment()).isEqualTo(3);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, where a commit's own answer never comes")
    void aCommitWhoseAnswerNeverComesIsAnsweredWithItsOutcome() throws Exception {
        proxy.trap("COMMIT", Fault.SILENT_AFTER);
        assertThat(increment()).isEqualTo(2);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(2);
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that")
    void aCommitThatIsCutOffIsReportedAsNotApplied() throws Exception {
        proxy.trap("COMMIT", Fault.CUT_BEFORE);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(1);
        assertThat(increment()).isEqualTo(2);
    }

    /** The server has the transaction open and holds the fence for it, until it ends that session by itself. */
    @Test
    @Invariant(
            number = "S2",
            text = "An error that surely was not applied says that, once the lost transaction is over")
    void aCommitThatNeverArrivesIsReportedAsNotApplied() throws Exception {
        proxy.trap("COMMIT", Fault.SILENT_BEFORE);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(1);
        assertThat(increment()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_BEFORE", "CUT_WITHIN", "CUT_AFTER"})
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost or doubled, whichever message of a batch the network breaks at")
    void aBatchIsDoneOnceWhereverItIsCutOff(Fault fault) throws Exception {
        int cuts = 0;
        boolean sprung = true;
        while (sprung) {
            assertThat(cuts).isLessThan(MOST_MESSAGES);
            Command request = requested(on("k").increment(1), "request-" + cuts, "hash");
            use(UnaryOperator.identity());
            proxy.trapAfter(cuts, fault);
            boolean answered = isAnswered(request, cuts + 1);
            sprung = !proxy.disarm();
            assertThat(answered || sprung).as("without a fault it is done").isTrue();
            assertThat(isAnswered(request, cuts + 1)).as("the retry").isTrue();
            assertWhole(cuts + 2);
            cuts++;
        }
        assertThat(cuts)
                .as("the batch's statements and its commit, and one without a fault")
                .isGreaterThan(4);
    }

    /** Whether it was answered as done; an error is checked for what it says. */
    private boolean isAnswered(Command request, int before) {
        try {
            assertThat(commits.execute(List.of(request)).getFirst())
                    .isInstanceOfSatisfying(
                            Outcome.Done.class, done -> assertThat(done.count()).isEqualTo(before + 1));
            return true;
        } catch (StoreUnavailableException e) {
            assertThat(count()).as("surely not applied: %s", e.getMessage()).isEqualTo(before);
        } catch (OutcomeUnknownException e) {
            assertThat(count()).isBetween(before, before + 1);
        }
        return false;
    }

    /** So many increments, the first of which was no request, are in all tables alike. */
    private void assertWhole(int increments) throws Exception {
        try (Connection connection = database.dataSource().getConnection()) {
            assertThat(Sql.query(
                            connection,
                            "SELECT (SELECT ref_count FROM feature_keys) || ' ' || (SELECT COUNT(*) FROM changes) || ' '"
                                    + " || (SELECT revision FROM head) || ' ' || (SELECT COUNT(*) + 1 FROM requests)",
                            row -> row.getString(1)))
                    .containsExactly(String.join(" ", Collections.nCopies(4, Integer.toString(increments))));
        }
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that, where the writes fell silent")
    void writesWhoseAnswerNeverComesAreReportedAsNotApplied() throws Exception {
        proxy.trap("INSERT INTO changes", Fault.SILENT_AFTER);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(1);
        assertThat(increment())
                .as("once the server has ended the lost transaction")
                .isEqualTo(2);
    }

    /** The batch's writes travel together; the server is killed when it has done some of them and not the others. */
    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled: a batch is written whole or not at all")
    void aServerProcessThatIsKilledWithinTheWritesHasWrittenNothing() throws Exception {
        Command request = requested(on("k").increment(1), "killed", "hash");
        try (Connection obstacle = database.dataSource().getConnection()) {
            obstacle.setAutoCommit(false);
            Sql.update(obstacle, "LOCK TABLE changes IN EXCLUSIVE MODE");
            FutureTask<Boolean> batch = new FutureTask<>(() -> isAnswered(request, 1));
            Thread.ofVirtual().start(batch);
            await().until(() -> terminate(obstacle, "changes") == 1);
            assertThat(batch.get()).isFalse();
        }
        assertThat(count()).isEqualTo(1);
        assertThat(isAnswered(request, 1)).isTrue();
        assertWhole(2);
    }

    /** Ends each session that has written a key and waits to write into the table; says how many there were. */
    private static int terminate(Connection connection, String table) throws SQLException {
        return Sql.query(
                        connection,
                        "SELECT pg_terminate_backend(waiting.pid) FROM pg_locks waiting JOIN pg_locks written"
                                + " ON written.pid = waiting.pid AND written.relation = 'feature_keys'::regclass"
                                + " AND written.mode = 'RowExclusiveLock' WHERE NOT waiting.granted"
                                + " AND waiting.relation = ?::regclass",
                        row -> row.getBoolean(1),
                        table)
                .size();
    }

    /** The pod has made the last batch and sends the next one ahead of the fence. */
    private void useAhead(UnaryOperator<String> rewrite) throws Exception {
        use(rewrite);
        assertThat(increment()).isEqualTo(2);
        assertThat(ahead).isZero();
    }

    @Test
    void aBatchAheadOfTheFenceIsOneMessage() throws Exception {
        await().until(() -> {
            useFresh();
            proxy.trapAfter(1, Fault.CUT_BEFORE);
            // The pool may ask first whether its connection is alive, and be cut off.
            return isAnswered(requested(on("k").increment(1), "message-" + System.nanoTime(), "hash"), count())
                    && proxy.disarm();
        });
        assertThat(ahead).isEqualTo(1);
    }

    private void useFresh() throws Exception {
        proxy.disarm();
        use(UnaryOperator.identity());
        commits.execute(List.of(on("k").increment(1)));
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_BEFORE", "CUT_WITHIN", "CUT_AFTER", "SILENT_BEFORE", "SILENT_AFTER"})
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost or doubled, where a batch ahead of the fence is cut off")
    void aBatchAheadOfTheFenceIsDoneOnceWhereverItIsCutOff(Fault fault) throws Exception {
        useAhead(UnaryOperator.identity());
        Command request = requested(on("k").increment(1), "ahead", "hash");
        proxy.trap("COMMIT", fault);
        boolean arrives = fault == Fault.CUT_AFTER || fault == Fault.SILENT_AFTER;
        assertThat(isAnswered(request, 2)).isEqualTo(arrives);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(ahead).isEqualTo(1);
        assertThat(isAnswered(request, 2)).as("the retry").isTrue();
        assertThat(count()).isEqualTo(3);
        assertThat(increment()).isEqualTo(4);
    }

    @Test
    @Invariant(
            number = "S2",
            text = "An error that surely was not applied says that, and it is not applied afterwards either")
    void aBatchAheadOfTheFenceThatArrivesLateWritesNothing() throws Exception {
        useAhead(PostgreSqlFateTest::timeless);
        arriveLate();
        assertThat(increment()).isEqualTo(3);
    }

    private void arriveLate() {
        proxy.trap("COMMIT", Fault.CUT_AND_LATE);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(ahead).isEqualTo(1);
        proxy.deliver();
        await().during(Duration.ofMillis(500))
                .untilAsserted(
                        () -> assertThat(count()).as("after it has arrived").isEqualTo(2));
    }

    /** The broken variant: a store that says "not applied" of what may still arrive. */
    @Test
    void theCheckCatchesAStoreThatDoesNotOvertakeWhatIsUnderWay() throws Exception {
        useAhead(sql -> sql.startsWith("UPDATE head SET batch = batch + 1") ? sql + " AND 1 = 0" : timeless(sql));
        assertThatThrownBy(this::arriveLate).isInstanceOf(ConditionTimeoutException.class);
        assertThat(count()).as("what was reported as not applied was").isEqualTo(3);
    }

    /** The first batch arrives while the next one has the fence, whose own commit does not. */
    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost or doubled, where a batch of unknown fate arrives under the next one")
    void aBatchOfUnknownFateIsNotTakenForTheNext() throws Exception {
        AtomicBoolean first = new AtomicBoolean();
        AtomicBoolean second = new AtomicBoolean();
        useAhead(sql -> {
            if (sql.startsWith(AHEAD) && first.getAndSet(false)) {
                faulty.away(true);
            }
            if (sql.contains("INSERT INTO changes") && second.getAndSet(false)) {
                proxy.deliver();
                await().until(() -> waitingForLocks() == 1);
            }
            return timeless(sql);
        });
        first.set(true);
        proxy.trap("COMMIT", Fault.CUT_AND_LATE);
        assertThatThrownBy(this::increment).isInstanceOf(OutcomeUnknownException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).isEqualTo(2);

        faulty.away(false);
        second.set(true);
        proxy.trap("COMMIT", Fault.CUT_BEFORE);
        assertThatThrownBy(this::increment).isInstanceOf(StoreUnavailableException.class);
        assertThat(proxy.isSprung()).isTrue();
        assertThat(count()).as("the first was applied, as unknown allows").isEqualTo(3);
        assertThat(increment()).isEqualTo(4);
    }

    /** As if the database's clock were set back just so far that a statement comes in time however late it is. */
    private static String timeless(String sql) {
        return sql.replace("clock_timestamp() BETWEEN ? AND ?", "(clock_timestamp() BETWEEN ? AND ? OR TRUE)");
    }

    private int waitingForLocks() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            return Sql.query(
                            connection,
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                    + " AND wait_event_type = 'Lock'",
                            row -> row.getInt(1))
                    .getFirst();
        }
    }

    @Test
    @Invariant(number = "S2", text = "An error that may have been applied says so")
    void aCommitOfWhichNothingCanBeFoundOutIsUnknown() throws Exception {
        proxy.trap("COMMIT", Fault.CUT_AFTER);
        Thread.ofVirtual().start(() -> {
            while (!proxy.isSprung()) {
                Thread.onSpinWait();
            }
            proxy.set(Network.DOWN);
        });
        assertThatThrownBy(this::increment).isInstanceOf(OutcomeUnknownException.class);
        proxy.set(Network.WELL);
        assertThat(count()).as("it was applied, as unknown allows").isEqualTo(2);
        await().atMost(Duration.ofSeconds(10))
                .ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                .until(() -> increment() == 3);
    }

    /** The broken variant: a store that does not look its batch up takes what happened for what did not. */
    @Test
    void theCheckCatchesAStoreWithoutBatchNumbers() throws Exception {
        use(sql -> sql.startsWith("SELECT batch FROM committers") ? sql + " AND 1 = 0" : sql);
        assertThatThrownBy(this::aCommitWhoseAnswerIsCutOffIsAnsweredWithItsOutcome)
                .isInstanceOf(StoreUnavailableException.class);
        assertThat(count()).as("what was reported as not applied was").isEqualTo(2);
    }
}
