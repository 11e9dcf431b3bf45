package dev.patchkey.benchmarks;

import dev.patchkey.statickey.Enablement;
import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The check in a loop that C2 vectorises if nothing is in its way, key off and on, beside the limit ({@code static final
 * boolean}) and what one would write without Patchkey. One operation is one round of the loop.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 8, time = 1)
@Fork(3)
public class CheckBenchmark {

    private static final int ROUNDS = 4096;

    private static final boolean CONSTANT_OFF = Boolean.getBoolean("never.set");
    private static final boolean CONSTANT_ON = !CONSTANT_OFF;
    private static final StaticKey KEY_OFF = StaticKey.detached("off");
    private static final StaticKey KEY_ON = StaticKey.detached("on");
    private static volatile boolean volatileOff;
    private static final AtomicInteger ATOMIC_OFF = new AtomicInteger();

    private final int[] data = new int[ROUNDS];

    /** Open for as long as the benchmark runs: it keeps the key enabled. */
    private Enablement enablement = KEY_ON.enable();

    @Setup
    public void fill() {
        for (int i = 0; i < ROUNDS; i++) {
            data[i] = i * 31;
        }
        if (!KEY_ON.isEnabled() || enablement == null) {
            throw new IllegalStateException("the key is not enabled");
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int noCheck() {
        int sum = 0;
        for (int value : data) {
            sum += value;
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int constantOff() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (CONSTANT_OFF) {
                sum ^= value;
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int staticKeyOff() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (KEY_OFF.isEnabled()) {
                sum ^= value;
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int constantOn() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (CONSTANT_ON) {
                sum ^= value;
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int staticKeyOn() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (KEY_ON.isEnabled()) {
                sum ^= value;
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int volatileBooleanOff() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (volatileOff) {
                sum ^= value;
            }
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int atomicIntegerOff() {
        int sum = 0;
        for (int value : data) {
            sum += value;
            if (ATOMIC_OFF.get() > 0) {
                sum ^= value;
            }
        }
        return sum;
    }

    static void run() throws RunnerException {
        var results = new Runner(new OptionsBuilder()
                        .include(CheckBenchmark.class.getName())
                        .build())
                .run();
        Ratios.print(results, "constantOff");
        Ratios.print(results, "constantOn");
    }
}
