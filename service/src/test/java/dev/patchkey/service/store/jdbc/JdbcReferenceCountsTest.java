package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.Incarnations.Numbered;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.HistoryLine;
import dev.patchkey.service.store.ReferenceCountsContract;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcReferenceCountsTest extends ReferenceCountsContract {
    private final TestCluster cluster = TestCluster.ofOne();
    private TestDatabase database;
    private JdbcReferenceCounts counts;
    private JdbcIncarnations incarnations;

    @SuppressWarnings("NullAway.Init") // start() is run first
    JdbcReferenceCountsTest() {}

    /** The database that it is all run on. */
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.H2;
    }

    @BeforeAll
    void start(@TempDir Path directory) {
        database = TestDatabase.of(kind(), directory);
        counts = database.counts(cluster.start());
        incarnations = database.incarnations();
    }

    @AfterAll
    void stop() {
        counts.close();
        incarnations.close();
        database.close();
        cluster.close();
    }

    @Override
    protected ReferenceCounts counts() {
        return counts;
    }

    @Override
    protected Incarnations incarnations() {
        return incarnations;
    }

    @Override
    protected void makeSilent(Holder node, Duration time) {
        try (Connection connection = database.dataSource().getConnection();
                PreparedStatement update =
                        connection.prepareStatement("UPDATE nodes SET heard_at = ? WHERE node = ?")) {
            Sql.set(update, Instant.now().minus(time), node.value());
            assertThat(update.executeUpdate()).isEqualTo(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void keepsAHistoryNewestFirst() {
        submit(counts, on("told").increment(2));
        submit(counts, on("told").decrement(5));
        submit(counts, on("told").acquire("alice", Duration.ofMinutes(1)));
        submit(counts, on("told").acquire("alice", Duration.ofMinutes(2)));
        submit(counts, on("told").release("alice"));
        List<HistoryLine> lines = counts.history(new KeyName("told"), Long.MAX_VALUE, 10);
        assertThat(lines.stream().map(HistoryLine::action)).containsExactly("release", "acquire", "increment");
        assertThat(lines.stream().map(HistoryLine::count)).containsExactly(2, 3, 2);
        assertThat(lines.getLast().change().reason()).isEqualTo("for a test");
        assertThat(counts.history(
                        new KeyName("told"), lines.getFirst().version().revision(), 1))
                .containsExactly(lines.get(1));
    }

    @Test
    void purgesWhatIsPastItsTimeAlone() throws Exception {
        for (int i = 0; i < 20; i++) {
            submit(counts, on("old").increment(1));
        }
        new Retention(5, null).purge(database.dataSource(), database.durability());
        assertThat(counts.history(new KeyName("old"), Long.MAX_VALUE, 100)).hasSize(5);
    }

    @Test
    void aHistoryLineSaysWhoWhatWhyAndWhen() {
        Outcome.Done acquired = (Outcome.Done) submit(counts, on("line").acquire("alice", Duration.ofMinutes(1)));
        HistoryLine line =
                counts.history(new KeyName("line"), Long.MAX_VALUE, 10).getFirst();
        assertThat(line.version()).isEqualTo(acquired.version());
        assertThat(line.action()).isEqualTo("acquire");
        assertThat(line.holder()).isEqualTo(new Holder("alice"));
        assertThat(line.count()).isEqualTo(1);
        assertThat(line.change())
                .isEqualTo(counts.read(new KeyName("line"), ReferenceCounts.Consistency.STRONG)
                        .state()
                        .last());
        assertThat(line.change().actor()).isNotEmpty();
        assertThat(line.change().reason()).isEqualTo("for a test");
        assertThat(line.change().at()).isBetween(Instant.now().minusSeconds(60), Instant.now());
    }

    @Test
    void aHistoryLineSaysWhichTraceAskedForIt() {
        String trace = "0af7651916cd43dd8448eb211c80319c";
        Command plain = on("traced").increment(1);
        submit(counts, plain);
        submit(counts, new Command(plain.key(), plain.action(), plain.actor(), plain.reason(), plain.request(), trace));
        assertThat(counts.history(new KeyName("traced"), Long.MAX_VALUE, 10))
                .extracting(HistoryLine::trace)
                .containsExactly(trace, null);
    }

    @Test
    void purgesWhatIsOlderThanTheHistoryIsKeptAlone() throws Exception {
        submit(counts, on("aged").increment(1));
        submit(counts, on("aged").increment(1));
        long oldest = counts.history(new KeyName("aged"), Long.MAX_VALUE, 10)
                .getLast()
                .version()
                .revision();
        try (Connection connection = database.dataSource().getConnection();
                PreparedStatement age =
                        connection.prepareStatement("UPDATE changes SET changed_at = ? WHERE revision <= ?")) {
            Sql.setInstant(age, 1, Instant.now().minus(Duration.ofDays(8)));
            age.setLong(2, oldest);
            age.executeUpdate();
        }
        new Retention(1_000_000, Duration.ofDays(9)).purge(database.dataSource(), database.durability());
        assertThat(counts.history(new KeyName("aged"), Long.MAX_VALUE, 10)).hasSize(2);
        new Retention(1_000_000, Duration.ofDays(7)).purge(database.dataSource(), database.durability());
        assertThat(counts.history(new KeyName("aged"), Long.MAX_VALUE, 10))
                .singleElement()
                .satisfies(line -> assertThat(line.version().revision()).isGreaterThan(oldest));
    }

    @Test
    void aChangeThatIsMadeDuringAPurgeIsKept() throws Exception {
        submit(counts, on("forgotten").increment(1));
        try (Connection connection = database.dataSource().getConnection();
                PreparedStatement age = connection.prepareStatement("UPDATE changes SET changed_at = ?")) {
            Sql.setInstant(age, 1, Instant.now().minus(Duration.ofDays(8)));
            age.executeUpdate();
        }
        AtomicBoolean watching = new AtomicBoolean(true);
        FaultyDataSource watched = new FaultyDataSource(database.dataSource(), sql -> {
            if (sql.startsWith("DELETE FROM changes WHERE revision <") && watching.getAndSet(false)) {
                submit(counts, on("fresh").increment(1));
            }
            return sql;
        });
        new Retention(1_000_000, Duration.ofDays(7)).purge(watched.dataSource(), database.durability());
        assertThat(watching).isFalse();
        assertThat(counts.history(new KeyName("fresh"), Long.MAX_VALUE, 10)).hasSize(1);
        assertThat(counts.history(new KeyName("forgotten"), Long.MAX_VALUE, 10)).isEmpty();
    }

    @Test
    @Invariant(number = "S1", text = "An Idempotency-Key counts once, whoever forgets what came before it")
    void aRequestThatIsMadeAnewDuringAPurgeIsKept() throws InterruptedException {
        Command request = requested(on("anew").increment(1), "purged", "hash");
        submit(counts, request);
        Thread.sleep(20); // the clock of the database goes on
        Instant before = Instant.now();
        Thread.sleep(20);
        List<Outcome> anew = new ArrayList<>();
        AtomicBoolean watching = new AtomicBoolean(true);
        FaultyDataSource watched = new FaultyDataSource(database.dataSource(), sql -> {
            if (sql.startsWith("DELETE FROM requests") && watching.getAndSet(false)) {
                purgeRequests(database.dataSource(), before);
                anew.add(submit(counts, request));
            }
            return sql;
        });
        purgeRequests(watched.dataSource(), before);
        assertThat(anew).singleElement().isEqualTo(submit(counts, request));
        assertThat(database.count("anew")).isEqualTo(2);
    }

    private void purgeRequests(DataSource from, Instant before) {
        try (Connection connection = database.durability().connect(from)) {
            Dialect.of(connection).beginWriting(connection);
            RequestTable.purge(connection, before);
            connection.commit();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCommandThatTheDatabaseRefusesFailsAlone() {
        List<CompletableFuture<Outcome>> good = new ArrayList<>();
        List<CompletableFuture<Outcome>> bad = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            good.add(counts.submit(on("split").increment(1)));
            if (i % 40 == 0) {
                bad.add(counts.submit(requested(on("split").increment(1), "x".repeat(600) + i, "hash")));
            }
        }
        assertThat(good).allSatisfy(each -> assertThat(each.join()).isInstanceOf(Outcome.Done.class));
        assertThat(bad)
                .allSatisfy(each -> assertThatThrownBy(each::join).hasCauseInstanceOf(StoreUnavailableException.class));
        assertThat(counts.read(new KeyName("split"), ReferenceCounts.Consistency.STRONG)
                        .state()
                        .count())
                .isEqualTo(100);
    }

    @Test
    void noNumberOfALifeIsUsedTwiceHoweverOftenItsNodeIsForgotten() throws Exception {
        Holder node = new Holder("forgotten-again-and-again");
        long highest = 0;
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> forgetting = new ArrayList<>();
            AtomicBoolean goOn = new AtomicBoolean(true);
            for (int i = 0; i < 2; i++) {
                forgetting.add(pool.submit(() -> {
                    while (goOn.get()) {
                        incarnations.forget(Duration.ofSeconds(-1), Incarnations.LARGEST_PART);
                    }
                }));
            }
            try {
                for (int life = 0; life < 100; life++) {
                    Numbered.Current next = (Numbered.Current) incarnations.number("p", node, "uuid-" + life);
                    assertThat(next.number()).isGreaterThan(highest);
                    highest = next.number();
                }
            } finally {
                goOn.set(false);
            }
            for (Future<?> each : forgetting) {
                each.get(30, TimeUnit.SECONDS);
            }
        }
    }
}
