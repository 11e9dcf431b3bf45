package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;

import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntUnaryOperator;

/** Prints how many increments a second each store acknowledges, durably where it is durable. Not a test. */
final class StoreThroughput {
    private static final int SECONDS = 5;

    private StoreThroughput() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(arguments.length > 0 ? arguments[0] : "."), "throughput");
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.at(
                        arguments.length > 1 ? arguments[1] : TestDatabase.url(TestDatabase.Kind.H2, directory))) {
            TestCluster.Pod pod = cluster.start();
            JdbcReferenceCounts jdbc = database.counts(pod);
            ReferenceCounts hazelcast = pod.counts();
            for (int callers : new int[] {16, 64, 16, 64}) {
                measure("jdbc", jdbc, callers);
                measure("hazelcast", hazelcast, callers);
                System.out.println("file: " + Files.size(directory.resolve("patchkey.mv.db")) / 1024 + " KiB, revision "
                        + jdbc.view().version().revision());
            }
            jdbc.close();
        }
    }

    private static void measure(String store, ReferenceCounts counts, int callers) throws InterruptedException {
        System.out.printf(
                "%-9s %2d callers: hot key %6d/s, 1,000 keys %6d/s%n",
                store, callers, rate(counts, callers, any -> 0), rate(counts, callers, any -> any));
    }

    private static long rate(ReferenceCounts counts, int callers, IntUnaryOperator choice) throws InterruptedException {
        LongAdder done = new LongAdder();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try (ExecutorService pool = Executors.newFixedThreadPool(callers)) {
            for (int i = 0; i < callers; i++) {
                pool.execute(() -> {
                    while (System.nanoTime() < until) {
                        int key = choice.applyAsInt(ThreadLocalRandom.current().nextInt(1000));
                        counts.submit(on("bench-" + key).increment(1)).join();
                        done.increment();
                    }
                });
            }
        }
        return done.sum() / SECONDS;
    }
}
