package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.ReferenceCounts.Read;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps of docs/how-to/upgrade-hazelcast.md, as far as the counts go: each is named as the page has it. */
class UpgradeTest {
    private static final Path PAGE = Path.of("../docs/how-to/upgrade-hazelcast.md");
    private static final KeyName K = new KeyName("k");

    private final AtomicInteger acknowledged = new AtomicInteger();
    private volatile boolean enough;

    private static void step(String name) throws IOException {
        assertThat(Files.readString(PAGE)).as("the page has the step").contains("**" + name);
    }

    private static JdbcReferenceCounts counts(TestDatabase database, TestCluster.Pod pod) {
        return database.counts(pod, ReadIndex.askingHead(database.dataSource(), database.durability()));
    }

    /** Increments through the one as long as it takes commands, then through the other; each once, by its request. */
    private void call(int caller, JdbcReferenceCounts first, JdbcReferenceCounts then) {
        JdbcReferenceCounts counts = first;
        for (int i = 0; !enough; i++) {
            for (int attempt = 0; ; attempt++) {
                try {
                    counts.submit(requested(on("k").increment(1), caller + "-" + i, "hash"))
                            .join();
                    break;
                } catch (CompletionException refused) {
                    assertThat(attempt).isLessThan(10);
                    counts = then;
                }
            }
            acknowledged.incrementAndGet();
        }
    }

    private void awaitProgress() {
        int before = acknowledged.get();
        await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.get() > before + 100);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled while two clusters take turns")
    void oneClusterTakesThePlaceOfAnother(@TempDir Path directory) throws Exception {
        try (TestCluster old = TestCluster.of(2, 1);
                TestCluster fresh = TestCluster.of(2, 1);
                TestDatabase database = TestDatabase.of(TestDatabase.Kind.POSTGRESQL, directory)) {
            List<TestCluster.Pod> oldPods = List.of(old.start(), old.start());
            JdbcReferenceCounts one = counts(database, oldPods.getFirst());
            JdbcReferenceCounts two = counts(database, oldPods.getLast());
            one.submit(on("before").increment(7)).join();
            long epoch = one.view().version().epoch();

            step("Start the new pods under another cluster name");
            JdbcReferenceCounts three = counts(database, fresh.start());
            JdbcReferenceCounts four = counts(database, fresh.start());
            assertThat(three.stale()).isNull();
            assertThat(three.view().version().epoch()).isEqualTo(epoch);
            Read read = four.read(new KeyName("before"), Consistency.CLUSTER);
            assertThat(read.state().count()).isEqualTo(7);

            step("Let both serve");
            CompletableFuture<Void> onOld =
                    CompletableFuture.runAsync(() -> call(0, one, three), Thread::startVirtualThread);
            CompletableFuture<Void> onFresh =
                    CompletableFuture.runAsync(() -> call(1, four, three), Thread::startVirtualThread);
            awaitProgress();
            assertThat(one.fenceConflicts() + two.fenceConflicts()).isPositive();
            assertThat(three.fenceConflicts() + four.fenceConflicts()).isPositive();
            Outcome.Done there = (Outcome.Done)
                    two.submit(requested(on("seen").increment(1), "r", "hash")).join();
            assertThat(three.read(new KeyName("seen"), Consistency.CLUSTER).version())
                    .isEqualTo(there.version());
            await().atMost(Duration.ofSeconds(4))
                    .until(() -> three.view().version().isAtLeast(there.version()));
            assertThat(four.submit(requested(on("seen").increment(1), "r", "hash"))
                            .join())
                    .as("a retry of a request is known on the other side")
                    .isEqualTo(there);

            step("Move the traffic");
            step("Stop the old pods");
            one.close();
            oldPods.getFirst().member().shutdown();
            awaitProgress();
            two.close();
            oldPods.getLast().member().shutdown();
            awaitProgress();

            step("Look");
            double conflicts = three.fenceConflicts() + four.fenceConflicts();
            awaitProgress();
            assertThat(three.fenceConflicts() + four.fenceConflicts()).isEqualTo(conflicts);
            enough = true;
            CompletableFuture.allOf(onOld, onFresh).join();
            assertThat(four.read(K, Consistency.CLUSTER).state().count()).isEqualTo(acknowledged.get());
            three.close();
            four.close();
        } finally {
            enough = true;
        }
    }
}
