package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.BesideOthers;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.StoreHealth.State;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the store does by itself, once a second. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
@BesideOthers
class BackgroundTest {
    private final TestDatabase.Kind kind;

    BackgroundTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    /** This pod's own route, with something that happens to the store's own threads whenever they ask it. */
    private record Disturbed(Runnable disturbance) implements CommitterRoute {

        /** Fails so many times. */
        static Disturbed failing(AtomicInteger times) {
            return new Disturbed(() -> {
                if (times.decrementAndGet() >= 0) {
                    throw new AssertionError("the test says so");
                }
            });
        }

        /** Keeps them waiting, as a sweep waits for a database that is stuck. */
        static Disturbed stuck(CountDownLatch free) {
            return new Disturbed(() -> {
                try {
                    free.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        @Override
        public boolean isHere() {
            if (Thread.currentThread().getName().startsWith("patchkey-")) {
                disturbance.run();
            }
            return true;
        }

        @Override
        public List<Answer> forward(List<Command> batch) {
            throw new AssertionError("the committer is here");
        }

        @Override
        public void serve(Function<Command, CompletableFuture<Outcome>> committer) {}
    }

    @Test
    @Invariant(number = "S3", text = "Every change reaches every pod's view, within a bounded time")
    void theViewIsComparedWhileASweepWaits(@TempDir Path directory) throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        try (TestCluster here = TestCluster.ofOne();
                TestCluster elsewhere = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts = database.counts(here.start().countsMap(), Disturbed.stuck(free));
                JdbcReferenceCounts other = database.counts(elsewhere.start())) {
            Thread.sleep(1500); // until a sweep waits
            Outcome.Done done =
                    (Outcome.Done) other.submit(on("k").increment(1)).join();
            await().atMost(Duration.ofSeconds(3))
                    .until(() -> counts.view().version().isAtLeast(done.version()));
            free.countDown();
        } finally {
            free.countDown();
        }
    }

    /** A map in which nothing arrives until it is free. */
    private static final class Slow extends ForwardingMap {
        private final CountDownLatch entered;
        private final CountDownLatch free;

        Slow(CountsMap real, CountDownLatch entered, CountDownLatch free) {
            super(real);
            this.entered = entered;
            this.free = free;
        }

        @Override
        public void publish(Collection<Published> states) {
            if (!states.isEmpty()) {
                entered.countDown();
                try {
                    free.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            super.publish(states);
        }
    }

    @Test
    void aWriteOfBeforeIsNoNewsOfADatabaseThatHasGoneMeanwhile(@TempDir Path directory) throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory)) {
            FaultyDataSource faulty = new FaultyDataSource(database.dataSource(), UnaryOperator.identity());
            TestCluster.Pod pod = cluster.start();
            try (JdbcReferenceCounts counts =
                    TestDatabase.counts(new Slow(pod.countsMap(), entered, free), pod.route(), faulty.dataSource())) {
                CompletableFuture<Outcome> slow = counts.submit(on("k").increment(1));
                entered.await();
                faulty.away(true);
                await().until(() -> counts.health().report().state() == State.UNREACHABLE);
                Instant since = counts.health().report().since();
                free.countDown();
                assertThat(slow.join()).isInstanceOf(Outcome.Done.class);
                assertThat(counts.health().report().state()).isEqualTo(State.UNREACHABLE);
                assertThat(counts.health().report().since()).isEqualTo(since);
            } finally {
                free.countDown();
            }
        }
    }

    /** A map that takes nothing so many times. */
    private static final class Refusing extends ForwardingMap {
        private final AtomicInteger times;

        Refusing(CountsMap real, AtomicInteger times) {
            super(real);
            this.times = times;
        }

        @Override
        public void publish(Collection<Published> states) {
            if (times.decrementAndGet() >= 0) {
                throw new StoreUnavailableException("the test says so");
            }
            super.publish(states);
        }
    }

    @Test
    void aPodStartsWhileTheMapTakesNothing(@TempDir Path directory) throws Exception {
        KeyName k = new KeyName("k");
        try (TestDatabase database = TestDatabase.of(kind, directory)) {
            try (TestCluster before = TestCluster.ofOne();
                    JdbcReferenceCounts counts = database.counts(before.start())) {
                counts.submit(on("k").increment(1)).join();
            }
            try (TestCluster cluster = TestCluster.ofOne()) {
                TestCluster.Pod pod = cluster.start();
                CountsMap map = pod.countsMap();
                AtomicInteger refusals = new AtomicInteger(1);
                try (JdbcReferenceCounts counts = database.counts(new Refusing(map, refusals), pod.route())) {
                    assertThat(refusals.get()).isLessThanOrEqualTo(0);
                    assertThat(counts.read(k, Consistency.CLUSTER).state().count())
                            .isEqualTo(1);
                    await().atMost(Duration.ofSeconds(3))
                            .untilAsserted(() -> assertThat(map.get(k)).isNotNull());
                }
            }
        }
    }

    @Test
    @Invariant(number = "S3", text = "Every change reaches every pod's view, within a bounded time")
    void whatAnotherPodAnnouncesNeedsNoDatabase(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(kind, directory)) {
            TestCluster.Pod first = cluster.start();
            TestCluster.Pod second = cluster.start();
            await().until(() -> first.route().isHere() != second.route().isHere());
            boolean firstCommits = first.route().isHere();
            TestCluster.Pod committer = firstCommits ? first : second;
            TestCluster.Pod follower = firstCommits ? second : first;
            FaultyDataSource faulty = new FaultyDataSource(database.dataSource(), UnaryOperator.identity());
            try (JdbcReferenceCounts committing = database.counts(committer);
                    JdbcReferenceCounts following =
                            TestDatabase.counts(follower.countsMap(), follower.route(), faulty.dataSource())) {
                faulty.away(true);
                for (int i = 0; i < 20; i++) {
                    Outcome.Done done = (Outcome.Done)
                            committing.submit(on("k" + i % 3).increment(1)).join();
                    await().atMost(Duration.ofSeconds(3))
                            .until(() -> following.view().version().isAtLeast(done.version()));
                }
                assertThat(following.view().snapshot())
                        .isEqualTo(committing.view().snapshot());
            }
        }
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds within the lease and a bounded delay")
    void anErrorDoesNotEndTheSweeps(@TempDir Path directory) throws Exception {
        AtomicInteger failures = new AtomicInteger(2);
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts =
                        database.counts(cluster.start().countsMap(), Disturbed.failing(failures))) {
            counts.submit(on("k").acquire("brief", Duration.ofMillis(1))).join();
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(counts.read(new KeyName("k"), Consistency.STRONG)
                                    .state()
                                    .holds())
                            .isEmpty());
            assertThat(failures.get()).isNegative();
        }
    }
}
