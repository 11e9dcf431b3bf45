package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Fault;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that are sent again, to any pod, at any moment. */
class IdempotencyTest {
    private static final int CALLERS = 8;
    private static final int REQUESTS = 40;
    private static final int MOST_TRIES = 200;
    private static final List<Fault> CUTS = List.of(Fault.CUT_BEFORE, Fault.CUT_WITHIN, Fault.CUT_AFTER);

    /** About the messages of two batches. */
    private static final int MOST_PASSING = 8;

    @ParameterizedTest
    @EnumSource
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is doubled: a retry while the first is in flight waits for it")
    void aRetryThroughAnotherPodWaitsForTheFirst(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        try (TestCluster a = TestCluster.ofOne();
                TestCluster b = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts one = database.counts(a.start());
                JdbcReferenceCounts two = database.counts(b.start());
                Connection fence = database.dataSource().getConnection()) {
            Command request = requested(on("k").increment(1), "request", "hash");
            Dialect.of(fence).beginWriting(fence);
            Head.lock(fence);
            CompletableFuture<Outcome> first = one.submit(request);
            CompletableFuture<Outcome> again = two.submit(request);
            CompletableFuture<Outcome> other = two.submit(requested(on("k").increment(5), "request", "another hash"));
            Thread.sleep(200); // until both wait for the fence
            assertThat(first).isNotDone();
            assertThat(again).isNotDone();
            fence.rollback();
            assertThat(again.join()).isEqualTo(first.join());
            assertThat(other.join())
                    .isInstanceOfSatisfying(
                            Outcome.Refused.class,
                            refused -> assertThat(refused.refusal()).isEqualTo(Refusal.REQUEST_REUSED));
            assertThat(database.count("k")).isEqualTo(1);
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled, by two pods and a network that breaks")
    void retriesOverABreakingNetworkAreCountedExactly(@TempDir Path directory) throws Exception {
        String url = TestDatabase.url(TestDatabase.Kind.POSTGRESQL, directory);
        AtomicBoolean over = new AtomicBoolean();
        try (TcpProxy proxy = new TcpProxy(PostgreSqlServer.shared().port());
                TestCluster a = TestCluster.ofOne();
                TestCluster b = TestCluster.ofOne();
                TestDatabase database = TestDatabase.at(url);
                HikariDataSource pool =
                        TestDatabase.pool(PostgreSqlServer.url(proxy.port(), url.substring(url.lastIndexOf('/') + 1))
                                + "?prepareThreshold=0");
                JdbcReferenceCounts one = TestDatabase.counts(a.start(), pool);
                JdbcReferenceCounts two = TestDatabase.counts(b.start(), pool);
                ExecutorService callers = Executors.newFixedThreadPool(CALLERS + 1)) {
            Future<?> faults = callers.submit(() -> {
                for (int i = 0; !over.get(); i++) {
                    Fault fault = CUTS.get(i % CUTS.size());
                    if (i % 2 == 0) {
                        proxy.trap("COMMIT", fault);
                    } else {
                        proxy.trapAfter(ThreadLocalRandom.current().nextInt(MOST_PASSING), fault);
                    }
                    Thread.sleep(150);
                }
                return null;
            });
            List<Future<?>> all = new ArrayList<>();
            for (int c = 0; c < CALLERS; c++) {
                int caller = c;
                all.add(callers.submit(() -> {
                    for (int i = 0; i < REQUESTS; i++) {
                        Command request = requested(on("k").increment(1), caller + "/" + i, "hash");
                        Outcome outcome = untilDecided(one, two, request);
                        // And once more for nothing, through either.
                        assertThat(untilDecided(two, one, request)).isEqualTo(outcome);
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get(120, TimeUnit.SECONDS);
            }
            over.set(true);
            faults.get(10, TimeUnit.SECONDS);
            assertThat(database.count("k")).isEqualTo(CALLERS * REQUESTS);
        } finally {
            over.set(true);
        }
    }

    private static Outcome untilDecided(JdbcReferenceCounts one, JdbcReferenceCounts two, Command request) {
        for (int i = 0; i < MOST_TRIES; i++) {
            try {
                JdbcReferenceCounts pod = ThreadLocalRandom.current().nextBoolean() ? one : two;
                return pod.submit(request).join();
            } catch (CompletionException e) {
                pause();
            }
        }
        throw new AssertionError("not decided after " + MOST_TRIES + " tries: " + request);
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
