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

    /** Takes the database, {@code H2} or {@code POSTGRESQL}, and the directory for H2's file. */
    public static void main(String[] arguments) throws Exception {
        TestDatabase.Kind kind = arguments.length > 0 ? TestDatabase.Kind.valueOf(arguments[0]) : TestDatabase.Kind.H2;
        Path directory = Files.createTempDirectory(Path.of(arguments.length > 1 ? arguments[1] : "."), "throughput");
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory)) {
            TestCluster.Pod pod = cluster.start();
            JdbcReferenceCounts jdbc = database.counts(pod);
            ReferenceCounts hazelcast = pod.counts();
            for (int callers : new int[] {16, 64, 16, 64}) {
                measure(kind.toString(), jdbc, callers);
                measure("hazelcast", hazelcast, callers);
                System.out.println("revision " + jdbc.view().version().revision());
            }
            jdbc.close();
        }
        System.exit(0); // Hazelcast leaves threads
    }

    private static void measure(String store, ReferenceCounts counts, int callers) throws InterruptedException {
        System.out.printf(
                "%-10s %2d callers: hot key %6d/s, 1,000 keys %6d/s%n",
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
