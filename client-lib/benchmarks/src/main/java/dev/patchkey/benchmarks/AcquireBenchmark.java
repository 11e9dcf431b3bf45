package dev.patchkey.benchmarks;

import dev.patchkey.client.Hold;
import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
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
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * An acquire while the node holds the key already, alone and with its release, uncontended and by two threads; and what
 * reading the clock costs here, since an acquire reads it to know that the node's lease stands.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class AcquireBenchmark {

    private static final String SERVICE = "patchkey.benchmark.service";
    private static final double LIMIT_NANOS = 30;
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

    static void run(String... args) throws Exception {
        try (ServiceProcess service = new ServiceProcess(args, "jdbc")) {
            for (int threads : new int[] {1, 2}) {
                var results = new Runner(new OptionsBuilder()
                                .include(AcquireBenchmark.class.getName())
                                .threads(threads)
                                .jvmArgsAppend("-D" + SERVICE + "=" + service.uri())
                                .build())
                        .run();
                for (RunResult result : results) {
                    Result<?> row = result.getPrimaryResult();
                    System.out.printf(
                            "%d thread(s), %-18s %7.1f ± %4.1f ns, %.2f of the limit of %.0f ns%n",
                            threads,
                            row.getLabel(),
                            row.getScore(),
                            row.getScoreError(),
                            row.getScore() / LIMIT_NANOS,
                            LIMIT_NANOS);
                }
            }
        }
    }
}
