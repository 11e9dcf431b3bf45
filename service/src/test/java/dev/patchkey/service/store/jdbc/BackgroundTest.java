package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store does by itself, once a second. */
class BackgroundTest {

    /** This pod's own route, which fails as many times in the store's own threads. */
    private record Failing(AtomicInteger times) implements CommitterRoute {
        @Override
        public boolean isHere() {
            if (Thread.currentThread().getName().startsWith("patchkey-") && times.decrementAndGet() >= 0) {
                throw new AssertionError("the test says so");
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
    @Invariant(number = "S7", text = "Leases end holds within the lease and a bounded delay")
    void anErrorDoesNotEndTheSweeps(@TempDir Path directory) throws Exception {
        AtomicInteger failures = new AtomicInteger(2);
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.in(directory);
                JdbcReferenceCounts counts = database.counts(cluster.start().countsMap(), new Failing(failures))) {
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
