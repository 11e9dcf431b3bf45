package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Fault;
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commits to a real server, over a network that breaks as the COMMIT is under way. */
class PostgreSqlFateTest {
    /** The driver then sends the word each time, and not a statement's name for it. */
    private static final String PLAINLY = "?prepareThreshold=0";

    private TestDatabase database;
    private TcpProxy proxy;
    private HikariDataSource pool;
    private JdbcCommits commits;

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
    }

    private void use(UnaryOperator<String> rewrite) throws Exception {
        commits = new JdbcCommits(
                new FaultyDataSource(pool, rewrite).dataSource(),
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
