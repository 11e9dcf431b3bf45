package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches that a pod decides from what it keeps, and PostgreSQL takes if nobody else has committed. */
class AheadOfFenceTest {
    private static final int ROUNDS = 300;
    private static final int KEYS = 3;

    private static final String SAME_BATCH = "epoch = ? AND revision = ? AND batch = ?";

    private static final String BEHIND_FENCE = "EXISTS (SELECT FROM fence)";

    private TestDatabase database;

    @SuppressWarnings("NullAway.Init") // start() is run first
    AheadOfFenceTest() {}

    @BeforeEach
    void start(@TempDir Path directory) {
        database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory);
    }

    @AfterEach
    void stop() {
        database.close();
    }

    /** A pod, and what it has asked of the database. */
    private static final class Pod {
        private final List<String> asked = new ArrayList<>();
        private final JdbcCommits commits;

        Pod(TestDatabase database, LongSupplier nanoClock, UnaryOperator<String> rewrite) {
            commits = new JdbcCommits(
                    new FaultyDataSource(database.dataSource(), sql -> {
                                asked.add(sql);
                                return rewrite.apply(sql);
                            })
                            .dataSource(),
                    database.durability(),
                    (before, after, states) -> {},
                    () -> new Version(0, 0),
                    "pod-" + System.nanoTime(),
                    new SupposedHead(nanoClock, Duration.ZERO));
        }

        List<Outcome> execute(Command... batch) {
            return commits.execute(List.of(batch));
        }

        /** The count that the one command has made. */
        int done(Command command) {
            return ((Outcome.Done) execute(command).getFirst()).count();
        }

        /** What it asks from now on. */
        List<String> listen() {
            asked.clear();
            return asked;
        }

        long sentAhead() {
            return asked.stream().filter(sql -> sql.endsWith("; COMMIT")).count();
        }
    }

    private Pod pod() {
        return new Pod(database, System::nanoTime, UnaryOperator.identity());
    }

    @Test
    void aBatchAfterABatchIsOneStatementAndItsCommit() {
        Pod pod = pod();
        assertThat(pod.done(on("k").increment(1))).isEqualTo(1);
        assertThat(pod.sentAhead()).isZero();
        List<String> asked = pod.listen();
        assertThat(pod.done(on("k").increment(1))).isEqualTo(2);
        assertThat(pod.done(on("k").decrement(1))).isEqualTo(1);
        assertThat(asked).hasSize(2).allMatch(sql -> sql.endsWith("; COMMIT"));
        assertThat(database.count("k")).isEqualTo(1);
    }

    /** Or the server would plan each anew, and the driver forget them. */
    @Test
    void theStatementIsTheSameForBatchesOfAnySize() {
        Pod pod = pod();
        pod.execute(on("a").increment(1), on("b").increment(1), on("c").increment(1));
        List<String> asked = pod.listen();
        pod.execute(on("a").increment(1));
        pod.execute(on("b").increment(1), on("c").decrement(1), on("c").increment(5), on("b").increment(1));
        assertThat(asked).hasSize(2);
        assertThat(asked.getLast()).isEqualTo(asked.getFirst());
    }

    @Test
    void whatGoesByTheTimeIsDecidedBehindTheFence() {
        Pod pod = pod();
        pod.done(on("k").increment(1));
        List<String> asked = pod.listen();
        pod.execute(on("k").increment(1), on("k").acquire("alice", Duration.ofMinutes(1)));
        assertThat(asked.getFirst()).contains("FOR UPDATE");
        assertThat(pod.sentAhead()).isZero();
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, with pods committing by turns")
    void aBatchThatAnotherPodHasOvertakenIsDecidedAnew() {
        Pod one = pod();
        Pod other = pod();
        assertThat(one.done(on("k").increment(1))).isEqualTo(1);
        assertThat(other.done(on("k").increment(1))).isEqualTo(2);
        assertThat(one.commits.fenceConflicts()).isZero();
        one.listen();
        assertThat(one.done(on("k").increment(1))).isEqualTo(3);
        assertThat(one.sentAhead()).isEqualTo(1);
        assertThat(one.commits.fenceConflicts()).isEqualTo(1);
        assertThat(database.count("k")).isEqualTo(3);
    }

    /** The statement has begun, and sees what was committed before, when the head moves. */
    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, where a batch waits for another pod's")
    void aBatchThatHasWaitedForAnotherPodIsDecidedAnew() throws Exception {
        Pod one = pod();
        one.done(on("k").increment(1));
        one.listen();
        try (Connection other = database.dataSource().getConnection()) {
            Dialect.of(other).beginWriting(other);
            Head.lock(other);
            CompletableFuture<Integer> waiting =
                    CompletableFuture.supplyAsync(() -> one.done(on("k").increment(1)), Thread::startVirtualThread);
            await().until(() -> lockWaits(other) == 1);
            Sql.update(other, "UPDATE feature_keys SET bare = 5, ref_count = 5");
            Head.overtake(other);
            other.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(6);
        }
        assertThat(one.sentAhead()).isEqualTo(1);
        assertThat(database.count("k")).isEqualTo(6);
    }

    private static int lockWaits(Connection connection) throws Exception {
        return Sql.query(
                        connection,
                        "SELECT pid FROM pg_locks WHERE NOT granted AND pid IN"
                                + " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())",
                        row -> row.getInt(1))
                .size();
    }

    /** A hold that is renewed is such a batch: whoever keeps its deadline of before would end it too early. */
    @Test
    @Invariant(
            number = "S7",
            text = "Leases never end the holds of a live node: another pod's renewal is not overlooked")
    void aBatchOfAnotherPodThatChangesNoRevisionIsNotOverlooked() {
        Command acquire = on("k").acquire("alice", Duration.ofMinutes(1));
        Pod one = pod();
        one.execute(on("k").increment(1), acquire);
        assertThat(pod().execute(acquire).getFirst())
                .isInstanceOfSatisfying(
                        Outcome.Done.class, done -> assertThat(done.changed()).isFalse());
        one.listen();
        one.done(on("k").increment(1));
        assertThat(one.sentAhead()).isEqualTo(1);
        assertThat(one.commits.fenceConflicts()).isEqualTo(1);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled: a batch is written whole or not at all")
    void aBatchThatIsNotTakenLeavesNothing() throws Exception {
        beNotTaken(UnaryOperator.identity());
    }

    /** The broken variants: one part of the statement does not ask whether the head has moved. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void theCheckCatchesAPartThatDoesNotAskForTheFence(int part) throws Exception {
        dropPrimaryKeyOfChanges();
        assertThatThrownBy(() -> beNotTaken(sql -> withoutCondition(sql, part))).isInstanceOf(AssertionError.class);
    }

    private static String withoutCondition(String sql, int part) {
        int at = -1;
        for (int i = 0; i <= part; i++) {
            at = sql.indexOf(BEHIND_FENCE, at + 1);
            if (at < 0) {
                return sql;
            }
        }
        return sql.substring(0, at) + "TRUE" + sql.substring(at + BEHIND_FENCE.length());
    }

    private void beNotTaken(UnaryOperator<String> rewrite) throws Exception {
        Pod one = new Pod(database, System::nanoTime, rewrite);
        one.done(on("k").increment(1));
        pod().done(on("k").decrement(1));
        List<String> before = rows();
        one.listen();
        assertThat(one.execute(on("k").decrement(1)).getFirst()).isInstanceOf(Outcome.Refused.class);
        assertThat(one.sentAhead()).isEqualTo(1);
        assertThat(rows()).isEqualTo(before);
    }

    /** Of all tables that such a batch writes. */
    private List<String> rows() throws Exception {
        return database.durability()
                .read(
                        database.dataSource(),
                        connection -> Sql.query(
                                connection,
                                "SELECT head::text AS line FROM head UNION ALL SELECT feature_keys::text FROM feature_keys"
                                        + " UNION ALL SELECT changes::text FROM changes"
                                        + " UNION ALL SELECT committers::text FROM committers ORDER BY line",
                                row -> row.getString("line")));
    }

    @Test
    @Invariant(number = "S6", text = "A decrement at 0 is refused, and no other: what another pod has counted counts")
    void aRefusalIsNotDecidedFromWhatIsKept() {
        Pod one = pod();
        one.done(on("k").increment(1));
        one.done(on("k").decrement(1));
        pod().done(on("k").increment(1));
        assertThat(one.done(on("k").decrement(1))).isZero();
        assertThat(one.execute(on("k").decrement(1)).getFirst())
                .isInstanceOfSatisfying(
                        Outcome.Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.COUNT_BELOW_ZERO));
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key: after a new epoch began they are of that")
    void aBatchAfterANewEpochIsOfThatEpoch() throws Exception {
        Pod pod = pod();
        pod.done(on("k").increment(1));
        NewEpoch.begin(database.dataSource(), database.durability());
        Head head = database.durability().read(database.dataSource(), Head::read);
        assertThat(pod.execute(on("k").increment(1)).getFirst())
                .isEqualTo(new Outcome.Done(2, new Version(head.epoch(), head.revision() + 1), true));
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled: a repeated request gets the first outcome")
    void aRepeatedRequestGetsTheFirstOutcome() {
        Pod pod = pod();
        pod.done(on("k").increment(1));
        Command request = requested(on("k").increment(1), "request", "hash");
        List<Outcome> first = pod.execute(request);
        assertThat(pod.done(on("k").increment(5))).isEqualTo(7);
        pod.listen();
        assertThat(pod.execute(request)).isEqualTo(first);
        assertThat(pod.sentAhead()).as("the table of requests has refused it").isEqualTo(1);
        assertThat(pod.done(on("k").increment(1))).isEqualTo(8);
        assertThat(pod.execute(requested(on("k").increment(5), "request", "another hash"))
                        .getFirst())
                .isInstanceOfSatisfying(
                        Outcome.Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.REQUEST_REUSED));
        assertThat(pod.done(on("k").increment(1))).isEqualTo(9);
        List<Outcome> mixed = pod.execute(on("k").increment(1), request, on("k").increment(1));
        assertThat(mixed.get(1)).isEqualTo(first.getFirst());
        assertThat(((Outcome.Done) mixed.get(2)).count()).isEqualTo(11);
        assertThat(database.count("k")).isEqualTo(11);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost, by a session whose commits may be")
    void aSessionWhoseCommitsMayBeLostWritesNothing() throws Exception {
        Pod pod = pod();
        pod.done(on("k").increment(1));
        List<Connection> all = new ArrayList<>();
        for (int i = 0; i < database.dataSource().getMaximumPoolSize(); i++) {
            Connection each = database.dataSource().getConnection();
            Sql.update(each, "SET synchronous_commit = off");
            all.add(each);
        }
        for (Connection each : all) {
            each.close();
        }
        pod.listen();
        assertThatThrownBy(() -> pod.execute(on("k").increment(1)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("synchronous_commit");
        assertThat(pod.sentAhead()).isEqualTo(1);
        try (Connection connection = database.dataSource().getConnection()) {
            assertThat(Head.read(connection).revision()).isEqualTo(1);
        }
    }

    @Test
    void aChangeHasTheDatabasesTime() throws Exception {
        AtomicLong nanos = new AtomicLong();
        Pod pod = new Pod(database, nanos::get, UnaryOperator.identity());
        pod.done(on("k").increment(1));
        Instant before = changedAt();
        nanos.addAndGet(SupposedHead.CLOCK_KEPT.toNanos() - 1);
        pod.listen();
        pod.done(on("k").increment(1));
        assertThat(pod.asked).hasSize(1);
        assertThat(Duration.between(before, changedAt()))
                .as("told from the pod's own clock")
                .isBetween(Duration.ZERO, SupposedHead.CLOCK_KEPT);
        nanos.addAndGet(-5 * SupposedHead.CLOCK_TOLERANCE.toNanos());
        pod.listen();
        pod.done(on("k").increment(1));
        assertThat(pod.sentAhead()).isEqualTo(1);
        assertThat(pod.asked).as("a clock that is wrong is not gone by").hasSizeGreaterThan(1);
        assertThat(changedAt()).isAfterOrEqualTo(before);
    }

    private Instant changedAt() throws Exception {
        return database.durability()
                .read(
                        database.dataSource(),
                        connection -> Sql.query(
                                        connection,
                                        "SELECT changed_at FROM feature_keys",
                                        row -> Sql.requireInstant(row, "changed_at"))
                                .getFirst());
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, with pods committing at once and ahead")
    void nothingIsLostOrDoubledBetweenTwoPods() throws Exception {
        check(UnaryOperator.identity());
    }

    /** The broken variant: what was decided on a past that is over is written. */
    @Test
    void theCheckCatchesABatchThatIsWrittenWhateverTheHeadIs() throws Exception {
        dropPrimaryKeyOfChanges();
        assertThatThrownBy(
                        () -> check(sql -> sql.replace(SAME_BATCH, "(epoch = ? OR revision = ? OR batch = ? OR TRUE)")))
                .isInstanceOf(AssertionError.class);
    }

    /** The broken variant: the head stays, and the rest is written. */
    @Test
    void theCheckCatchesWritesThatDoNotAskForTheFence() throws Exception {
        dropPrimaryKeyOfChanges();
        assertThatThrownBy(() -> check(sql -> sql.replace(BEHIND_FENCE, "TRUE")))
                .isInstanceOf(AssertionError.class);
    }

    /** A unique revision is the second guard. */
    private void dropPrimaryKeyOfChanges() throws Exception {
        try (Connection connection = database.dataSource().getConnection()) {
            Sql.update(connection, "ALTER TABLE changes DROP CONSTRAINT changes_pkey");
        }
    }

    private void check(UnaryOperator<String> rewrite) throws Exception {
        Map<String, Integer> expected = new ConcurrentHashMap<>();
        List<Pod> pods =
                List.of(new Pod(database, System::nanoTime, rewrite), new Pod(database, System::nanoTime, rewrite));
        try (ExecutorService threads = Executors.newFixedThreadPool(pods.size())) {
            List<Future<?>> all = new ArrayList<>();
            for (Pod pod : pods) {
                all.add(threads.submit(() -> {
                    run(pod, expected);
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get(120, TimeUnit.SECONDS);
            }
        }
        long ahead = pods.stream().mapToLong(Pod::sentAhead).sum();
        long conflicts =
                pods.stream().mapToLong(pod -> pod.commits.fenceConflicts()).sum();
        assertThat(conflicts).as("batches that another pod had overtaken").isPositive();
        assertThat(ahead).as("batches ahead of the fence").isGreaterThan(ROUNDS / 10);
        for (int i = 0; i < KEYS; i++) {
            assertThat(database.count("key-" + i))
                    .as("the count of what was acknowledged for key-%d, %d ahead, %d conflicts", i, ahead, conflicts)
                    .isEqualTo(expected.getOrDefault("key-" + i, 0));
        }
        assertThat(wrongSteps())
                .as("changes that do not follow on the one before")
                .isZero();
    }

    /** Every change of a key must begin at what the one before has left, and the head be at the last one. */
    private long wrongSteps() throws Exception {
        return database.durability()
                .read(
                        database.dataSource(),
                        connection -> Sql.query(
                                        connection,
                                        "SELECT count(*) FILTER (WHERE step <> CASE action WHEN 'increment' THEN 1 ELSE -1 END)"
                                                + " + abs(count(*) - (SELECT revision FROM head)) AS wrong"
                                                + " FROM (SELECT action, ref_count - lag(ref_count, 1, 0)"
                                                + " OVER (PARTITION BY key_name ORDER BY revision) AS step FROM changes) AS steps",
                                        row -> (Long) row.getLong("wrong"))
                                .getFirst());
    }

    private static void run(Pod pod, Map<String, Integer> expected) throws InterruptedException {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int i = 0; i < ROUNDS; i++) {
            String key = "key-" + random.nextInt(KEYS);
            boolean up = random.nextInt(3) > 0;
            Command command = up ? on(key).increment(1) : on(key).decrement(1);
            if (pod.execute(command).getFirst() instanceof Outcome.Done) {
                expected.merge(key, up ? 1 : -1, Integer::sum);
            }
            if (random.nextInt(10) == 0) {
                // So that the other one has the head for a while.
                Thread.sleep(random.nextInt(30));
            }
        }
    }
}
