package dev.patchkey.benchmarks;

import dev.patchkey.client.Hold;
import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * An acquire while the node holds the key already, alone and with its release; and what reading the
 * clock costs here, since an acquire reads it to know that the node's lease stands.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class AcquireBenchmark {

    private static final String SERVICE = "patchkey.benchmark.service";

    private static final String LIMIT = "atomicUpAndDown";

    /** The rows of the table for one number of threads, with what to call them. */
    private static final List<Map.Entry<String, String>> ROWS = List.of(
            Map.entry(LIMIT, "`AtomicInteger` up and down, the limit"),
            Map.entry("enableAndClose", "local key: enable and close"),
            Map.entry("acquireAndRelease", "node: acquire and release"),
            Map.entry("acquire", "node: acquire"),
            Map.entry("clock", "`System.nanoTime()`"));

    /** One, two that contend, and more than a small machine has processors for. */
    private static final int[] THREADS = {1, 2, 8};

    private static final StaticKey KEY = StaticKey.of("benchmark.acquire");

    private Patchkey patchkey = Patchkey.builder(URI.create(System.getProperty(SERVICE, "http://127.0.0.1:1")))
            .start();
    private Hold held = patchkey.acquire(KEY, Duration.ofSeconds(20));

    @Setup
    public void requireHeld() {
        if (!held.isLive() || !KEY.isEnabled()) {
            throw new IllegalStateException("the key is not held");
        }
    }

    @TearDown
    public void close() {
        held.close();
        patchkey.close();
    }

    /** Never released: the references of a fork are far fewer than the 2^31-1 that there may be. */
    @Benchmark
    public Hold acquire() {
        return patchkey.acquire(KEY);
    }

    @Benchmark
    public Hold acquireAndRelease() {
        Hold hold = patchkey.acquire(KEY);
        hold.close();
        return hold;
    }

    @Benchmark
    public long clock() {
        return System.nanoTime();
    }

    static void run(Report report, List<String> arguments) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        try (ServiceProcess process = ServiceProcess.start(arguments, "--patchkey.store=jdbc")) {
            for (int threads : THREADS) {
                Map<String, RunResult> byRow = new HashMap<>();
                for (RunResult result : report.jmh(
                        "acquire-" + threads + "-threads",
                        new OptionsBuilder()
                                .include(LocalKey.class.getName() + "\\.")
                                .include(AcquireBenchmark.class.getName() + "\\.")
                                .threads(threads)
                                .addProfiler(GCProfiler.class)
                                .jvmArgsAppend("-D" + SERVICE + "=" + process.uri()))) {
                    byRow.put(result.getPrimaryResult().getLabel(), result);
                }
                Measured limit = Measured.primary(Objects.requireNonNull(byRow.get(LIMIT), LIMIT));
                for (Map.Entry<String, String> row : ROWS) {
                    RunResult result = Objects.requireNonNull(byRow.get(row.getKey()), row.getKey());
                    Measured nanos = Measured.primary(result);
                    rows.add(List.of(
                            Integer.toString(threads),
                            row.getValue(),
                            nanos.toString(),
                            nanos.ratioTo(limit).toString(),
                            Measured.bytes(result).toString()));
                }
            }
        }
        report.table(
                "Holding what is held already, on %d processors"
                        .formatted(Runtime.getRuntime().availableProcessors()),
                List.of("threads", "operation", "ns/op", "ratio to the limit", "B/op"),
                rows);
    }
}
