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
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.StoreHealth.Report;
import dev.patchkey.service.store.StoreHealth.State;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A running store whose database server fails it: what it says meanwhile, and that it needs no restart afterwards. */
@BesideOthers
class PostgreSqlFaultsTest {
    private static final KeyName K = new KeyName("k");

    /** What is promised once a fault has healed: commands are taken, and the view is the database's. */
    private static final Duration RECOVERY = Duration.ofSeconds(2);

    /** For a machine that does other things too. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    /** Within the bounds of {@link PostgreSqlSession}. */
    private static final Duration NOTICE = Duration.ofSeconds(12);

    private static final String AWAITS_STANDBY = "wait_event = 'SyncRep'";

    private static final String AWAITS_LOCK = "wait_event_type = 'Lock'";

    private static final int MOST_BEFORE_SETTING = 1000;

    private static final int LOOKS = 5;

    /** A look at a full disk may come between a refusal and its report, and find room for a write that is smaller. */
    private static final int MOST_TRIES = 10;

    private static PostgreSqlServer server;

    private final String name = TestDatabase.freshName();
    private TcpProxy proxy;
    private TestCluster cluster;
    private TestDatabase database;
    private JdbcReferenceCounts counts;

    @SuppressWarnings("NullAway.Init") // start() is run first
    PostgreSqlFaultsTest() {}

    @BeforeAll
    static void startServer() {
        server = PostgreSqlServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void start() {
        start("");
    }

    private void start(String storage) {
        server.execute(PostgreSqlServer.USER, "CREATE DATABASE " + name + storage);
        proxy = new TcpProxy(server.port());
        cluster = TestCluster.ofOne();
        database = TestDatabase.at(PostgreSqlServer.url(proxy.port(), name));
        counts = database.counts(cluster.start());
        assertThat(increment()).isEqualTo(1);
    }

    @AfterEach
    void stop() {
        counts.close();
        database.close();
        proxy.close();
        cluster.close();
    }

    private int increment() {
        return ((Outcome.Done) counts.submit(on(K.value()).increment(1))
                        .orTimeout(30, TimeUnit.SECONDS)
                        .join())
                .count();
    }

    private void assertNotApplied() {
        assertThatThrownBy(this::increment)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(StoreUnavailableException.class);
    }

    private void awaitState(State state, Duration atMost) {
        await().atMost(atMost)
                .untilAsserted(() -> assertThat(counts.health().report().state())
                        .as("%s", counts.health().report())
                        .isEqualTo(state));
    }

    private String reason() {
        Report report = counts.health().report();
        return String.valueOf(report.reason());
    }

    /** What is in memory is served all along. */
    private void assertReadsGoOn(int count) {
        assertThat(counts.read(K, Consistency.CLUSTER).state().count()).isEqualTo(count);
        assertThat(counts.list("", null, 10, Consistency.CLUSTER).reads()).hasSize(1);
        assertThat(counts.view().snapshot().entries()).hasSize(1);
    }

    private void assertRecovers(int next) {
        await().atMost(RECOVERY.plus(SLACK)).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            assertThat(counts.health().report().state())
                    .as("%s", counts.health().report())
                    .isEqualTo(State.AVAILABLE);
            assertThat(counts.stale()).isNull();
        });
        assertThat(increment()).isEqualTo(next);
        assertThat(counts.health().report().reason()).isNull();
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that, while the database is down")
    void aDatabaseThatIsDownIsSaidToBeAndComesBack() {
        proxy.set(Network.DOWN);
        awaitState(State.UNREACHABLE, NOTICE);
        assertThat(reason()).startsWith("The database does not answer");
        assertNotApplied();
        assertReadsGoOn(1);
        assertThatThrownBy(() -> counts.read(K, Consistency.STRONG)).isInstanceOf(StoreUnavailableException.class);
        proxy.set(Network.WELL);
        assertRecovers(2);
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that, while the network is silent")
    void aDatabaseThatFallsSilentIsSaidToBeUnreachable() {
        proxy.set(Network.SILENT);
        awaitState(State.UNREACHABLE, NOTICE);
        assertNotApplied();
        assertReadsGoOn(1);
        proxy.set(Network.WELL);
        assertRecovers(2);
    }

    @Test
    @Invariant(number = "S2", text = "A change of which nobody can say whether it was applied is said to be unknown")
    void aChangeThatIsOnItsWayWhenTheDatabaseFallsSilentIsUnknown() {
        assertThat(increment()).as("the next one goes ahead of the fence").isEqualTo(2);
        proxy.set(Network.SILENT);
        assertThatThrownBy(this::increment)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(OutcomeUnknownException.class);
        assertNotApplied();
        proxy.set(Network.WELL);
        awaitState(State.AVAILABLE, RECOVERY.plus(SLACK));
        int count = counts.read(K, Consistency.STRONG).state().count();
        assertThat(count).isBetween(2, 3);
        assertThat(increment()).isEqualTo(count + 1);
    }

    @Test
    void aSlowDatabaseIsSlowAndNoMore() {
        proxy.delay(Duration.ofMillis(150));
        assertThat(increment()).isEqualTo(2);
        assertThat(increment()).isEqualTo(3);
        assertThat(counts.health().report().state()).isEqualTo(State.AVAILABLE);
    }

    @Test
    void aDatabaseThatIsReadOnlyIsReadAndNotWritten() {
        server.set("default_transaction_read_only", "on");
        try {
            awaitState(State.READ_ONLY, NOTICE);
            assertThat(reason()).contains("default_transaction_read_only");
            assertNotApplied();
            assertReadsGoOn(1);
            assertThat(counts.read(K, Consistency.STRONG).state().count()).isEqualTo(1);
        } finally {
            server.execute(
                    PostgreSqlServer.USER,
                    "SET default_transaction_read_only = off",
                    "ALTER SYSTEM RESET default_transaction_read_only",
                    "SELECT pg_reload_conf()");
        }
        assertRecovers(2);
    }

    /** The server then commits without the standby, and warns: what a failover would lose must not be acknowledged. */
    @ParameterizedTest(name = "ahead of the fence: {0}")
    @ValueSource(booleans = {false, true})
    @Invariant(number = "S1", text = "Nothing acknowledged is lost, where the wait for a standby is cut short")
    void aCommitWhoseWaitForAStandbyIsCutShortIsNotAcknowledged(boolean ahead) throws Exception {
        int count = cutWaitShort(database.dataSource(), ahead);
        assertThat(database.count(K.value())).isEqualTo(count);
        assertRecovers(count + 1);
    }

    /** The broken variant: a store that commits and takes no warning. */
    @ParameterizedTest(name = "ahead of the fence: {0}")
    @ValueSource(booleans = {false, true})
    void theCheckCatchesAStoreThatHeedsNoWarning(boolean ahead) {
        FaultyDataSource deaf = new FaultyDataSource(database.dataSource(), UnaryOperator.identity());
        deaf.hearNoWarnings();
        assertThatThrownBy(() -> cutWaitShort(deaf.dataSource(), ahead)).isInstanceOf(AssertionError.class);
    }

    /** Answers what the commit has made of the count. */
    private static int cutWaitShort(DataSource dataSource, boolean ahead) throws Exception {
        AtomicReference<String> last = new AtomicReference<>("");
        JdbcCommits commits = commits(new FaultyDataSource(dataSource, sql -> {
                    last.set(sql);
                    return sql;
                })
                .dataSource());
        if (ahead) {
            commits.execute(List.of(on(K.value()).increment(1)));
        }
        server.set("synchronous_standby_names", "*");
        try {
            CompletableFuture<Outcome> waiting =
                    firstThatWaits(commits, i -> on(K.value()).increment(1)).outcome();
            if (ahead) {
                assertThat(last.get()).endsWith("; COMMIT");
            }
            assertThat(sessions("count(pg_cancel_backend(pid))", AWAITS_STANDBY))
                    .isPositive();
            assertThatThrownBy(() -> waiting.get(1, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
            server.set("synchronous_standby_names", "");
            // No standby is waited for any more.
            return ((Outcome.Done) waiting.get(10, TimeUnit.SECONDS)).count();
        } finally {
            server.set("synchronous_standby_names", "");
        }
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost, where a request is repeated while the standby is away")
    void aRepeatOfACommitThatNoStandbyHasIsNotAcknowledged() throws Exception {
        repeatWithoutStandby(i -> requested(on(K.value()).increment(1), "repeated-" + i, "hash"));
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is lost, where a hold is put again while the standby is away")
    void aHoldThatNoStandbyHasIsNotAcknowledgedWhenItIsPutAgain() throws Exception {
        repeatWithoutStandby(i -> on(K.value()).of(new Action.Acquire(new Holder("repeated-" + i), null, null)));
    }

    private void repeatWithoutStandby(IntFunction<Command> change) throws Exception {
        server.set("synchronous_standby_names", "*");
        try {
            // It stands for a pod that was killed while it waited: it does not look after what it has left.
            FaultyDataSource deaf = new FaultyDataSource(database.dataSource(), UnaryOperator.identity());
            deaf.hearNoWarnings();
            Waiting left = firstThatWaits(commits(deaf.dataSource()), change);
            assertThat(sessions("count(pg_cancel_backend(pid))", AWAITS_STANDBY))
                    .isPositive();
            int count = ((Outcome.Done) left.outcome().get(10, TimeUnit.SECONDS)).count();
            CompletableFuture<Outcome> repeat = execute(commits(database.dataSource()), left.command());
            assertThatThrownBy(() -> repeat.get(1, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
            server.set("synchronous_standby_names", "");
            assertThat(repeat.get(10, TimeUnit.SECONDS))
                    .isInstanceOfSatisfying(
                            Outcome.Done.class, done -> assertThat(done.count()).isEqualTo(count));
        } finally {
            server.set("synchronous_standby_names", "");
        }
    }

    private static JdbcCommits commits(DataSource dataSource) throws SQLException {
        return new JdbcCommits(
                dataSource,
                Durability.of(dataSource),
                (before, after, states) -> {},
                () -> new Version(0, 0),
                "pod-" + System.nanoTime());
    }

    private static CompletableFuture<Outcome> execute(JdbcCommits commits, Command command) {
        return CompletableFuture.supplyAsync(
                () -> commits.execute(List.of(command)).getFirst(), Thread::startVirtualThread);
    }

    private record Waiting(Command command, CompletableFuture<Outcome> outcome) {}

    /** The server heeds the setting a moment after it was told, so the first commits may not wait yet. */
    private static Waiting firstThatWaits(JdbcCommits commits, IntFunction<Command> change) {
        for (int i = 0; i < MOST_BEFORE_SETTING; i++) {
            Waiting waiting = new Waiting(change.apply(i), execute(commits, change.apply(i)));
            await().until(() -> waiting.outcome().isDone() || sessions("count(*)", AWAITS_STANDBY) > 0);
            if (!waiting.outcome().isDone()) {
                return waiting;
            }
        }
        throw new AssertionError("no commit waits for a standby");
    }

    private static int sessions(String what, String that) {
        return Integer.parseInt(
                server.query(PostgreSqlServer.USER, "SELECT " + what + " FROM pg_stat_activity WHERE " + that));
    }

    /** A session that was set up as ours are, and whose pod has vanished with the fence in its hands. */
    @Test
    void aCommitterThatVanishesWithTheFenceDoesNotKeepIt() throws Exception {
        try (HikariDataSource other = TestDatabase.pool(server.url(name));
                Connection vanished = other.getConnection()) {
            Dialect.of(vanished).beginWriting(vanished);
            Head.lock(vanished);
            assertNotApplied();
            assertThat(counts.health().report().state()).isEqualTo(State.READ_ONLY);
            assertReadsGoOn(1);
            awaitState(State.AVAILABLE, NOTICE);
            assertThat(increment()).isEqualTo(2);
            assertThatThrownBy(() -> Head.read(vanished)).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void aServerWithoutAConnectionLeftIsUnreachableUntilItHasOne() throws Exception {
        List<Connection> all = new ArrayList<>();
        try {
            hog(all);
            // The pod may be quicker to take a place that has become free.
            await().atMost(NOTICE).until(() -> {
                server.terminateSessionsBy(all.getFirst(), name);
                hog(all);
                return counts.health().report().state() == State.UNREACHABLE;
            });
            assertNotApplied();
            assertReadsGoOn(1);
        } finally {
            for (Connection each : all) {
                each.close();
            }
        }
        assertRecovers(2);
    }

    @Test
    void aServerWithoutAConnectionLeftGoesOnThroughThoseThatStand() throws Exception {
        List<Connection> all = new ArrayList<>();
        try {
            hog(all);
            for (int i = 0; i < LOOKS; i++) {
                counts.health().suspect();
                Thread.sleep(300); // until it was looked at
                assertThat(counts.health().report().state())
                        .as("%s", counts.health().report())
                        .isEqualTo(State.AVAILABLE);
                assertThat(increment()).isEqualTo(i + 2);
            }
        } finally {
            for (Connection each : all) {
                each.close();
            }
        }
    }

    private static void hog(List<Connection> all) {
        try {
            while (true) {
                all.add(server.connect(PostgreSqlServer.USER));
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("53300");
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled while sessions are killed")
    void killedSessionsLoseAndDoubleNothing() throws InterruptedException {
        List<Thread> killers = new ArrayList<>();
        int acknowledged = 1;
        for (int i = 0; i < 60; i++) {
            if (i % 6 == 0) {
                killers.add(Thread.ofVirtual().start(() -> server.terminateSessions(name)));
            }
            acknowledged += attempt("killed-" + i);
        }
        for (Thread killer : killers) {
            // Or it would end the session that is about to look.
            killer.join();
        }
        int expected = acknowledged;
        // One that is ended already may still be in the pool.
        await().atMost(RECOVERY.plus(SLACK))
                .ignoreExceptionsInstanceOf(IllegalStateException.class)
                .untilAsserted(() -> assertThat(database.count(K.value())).isEqualTo(expected));
    }

    @Test
    void aSessionThatIsKilledIsNotTakenForADatabaseThatTakesNoChanges() throws Exception {
        try (Connection holder = server.connect(name)) {
            holder.setAutoCommit(false);
            Head.lock(holder);
            CompletableFuture<Outcome> waiting =
                    counts.submit(on(K.value()).increment(1)).orTimeout(30, TimeUnit.SECONDS);
            await().until(() -> sessions("count(*)", AWAITS_LOCK) > 0);
            assertThat(sessions("count(pg_terminate_backend(pid))", AWAITS_LOCK))
                    .isPositive();
            holder.rollback();
            assertThatThrownBy(waiting::join).hasCauseInstanceOf(StoreUnavailableException.class);
            assertThat(counts.health().report().state()).isEqualTo(State.AVAILABLE);
        }
        assertRecovers(2);
    }

    /** Kills a server process: the server ends all sessions and recovers from its log, as after a crash. */
    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled while the database server crashes")
    void aServerThatCrashesLosesAndDoublesNothing() throws Exception {
        int acknowledged = 1;
        for (int i = 0; i < 40; i++) {
            if (i == 10) {
                try (Connection victim = server.connect(name);
                        Statement statement = victim.createStatement()) {
                    var row = statement.executeQuery("SELECT pg_backend_pid()");
                    row.next();
                    ProcessHandle.of(row.getLong(1)).orElseThrow().destroyForcibly();
                }
            }
            acknowledged += attempt("crash-" + i);
        }
        assertRecovers(acknowledged + 1);
        assertThat(database.count(K.value())).isEqualTo(acknowledged + 1);
    }

    /** Tries until it is decided, as a client does; then tries once more, for nothing. */
    private int attempt(String request) {
        long giveUpAt = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try {
                Outcome outcome = counts.submit(requested(on(K.value()).increment(1), request, "hash"))
                        .join();
                assertThat(outcome).isInstanceOf(Outcome.Done.class);
                return 1;
            } catch (CompletionException e) {
                assertThat(e.getCause())
                        .isInstanceOfAny(StoreUnavailableException.class, OutcomeUnknownException.class);
                assertThat(System.nanoTime()).isLessThan(giveUpAt);
            }
        }
    }

    @Test
    @Invariant(number = "S2", text = "An error that surely was not applied says that, while the disk is full")
    void aFullDiskIsReadAndNotWritten(@TempDir Path directory) throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "tmpfs", disk.toString()) == 0,
                "only root can mount a small disk");
        Path filler = disk.resolve("filler");
        try {
            stop();
            Path tables = Files.createDirectory(disk.resolve("tables"));
            assertThat(run("chown", server.owner(), tables.toString())).isZero();
            assertThat(run("chmod", "a+x", directory.toString())).isZero();
            server.execute(
                    PostgreSqlServer.USER,
                    "DROP DATABASE " + name + " WITH (FORCE)",
                    "CREATE TABLESPACE small LOCATION '" + tables + "'");
            start(" TABLESPACE small");
            run("dd", "if=/dev/zero", "of=" + filler, "bs=4096");
            int acknowledged = untilRefused();
            for (int tries = 1; counts.health().report().state() == State.AVAILABLE && tries < MOST_TRIES; tries++) {
                acknowledged = untilRefused();
            }
            Report report = counts.health().report();
            assertThat(report.state()).isEqualTo(State.READ_ONLY);
            assertThat(report.reason()).contains("No space left on device");
            assertReadsGoOn(acknowledged);
            Files.delete(filler);
            assertRecovers(acknowledged + 1);
        } finally {
            Files.deleteIfExists(filler);
            database.close();
            server.execute(
                    PostgreSqlServer.USER,
                    "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
                    "DROP TABLESPACE IF EXISTS small");
            assertThat(run("umount", "-l", disk.toString())).isZero();
        }
    }

    private int untilRefused() {
        int last = 1;
        for (int i = 0; i < 5000; i++) {
            try {
                last = increment();
            } catch (CompletionException e) {
                assertThat(e.getCause()).isInstanceOf(StoreUnavailableException.class);
                return last;
            }
        }
        throw new AssertionError("the disk is not full");
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
