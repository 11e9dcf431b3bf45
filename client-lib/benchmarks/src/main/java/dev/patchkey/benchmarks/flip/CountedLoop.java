package dev.patchkey.benchmarks.flip;

import dev.patchkey.statickey.Enablement;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An edge while another thread is in a long counted loop: the rebind waits for a safepoint, and the loop may have none.
 * One compiled method depends on the key.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 10)
@Fork(1)
public class CountedLoop {

    private static final long LOOP_UNDER_WAY_MILLIS = 50;

    private final Looper looper = new Looper();
    private final Dependents methods = new Dependents();
    private @Nullable Enablement enablement;

    @Setup(Level.Trial)
    public void start() throws Exception {
        methods.define(1);
        looper.start();
    }

    @Setup(Level.Iteration)
    public void compile() throws Throwable {
        methods.compile();
        Thread.sleep(LOOP_UNDER_WAY_MILLIS);
    }

    @Benchmark
    public void up() {
        enablement = Dependents.KEY.enable();
    }

    @TearDown(Level.Iteration)
    public void disable() throws JMException {
        methods.requireNoneCompiled();
        Objects.requireNonNull(enablement).close();
    }

    @TearDown(Level.Trial)
    public void stop() throws InterruptedException {
        looper.finish();
    }

    /** Runs the loop again and again. */
    private static final class Looper extends Thread {

        /** Half a second or so, many times what an edge takes; the run prints how long the longest loop took. */
        private static final int ROUNDS = 400_000_000;

        private volatile boolean stopped;
        private int value;
        private long longestNanos;

        Looper() {
            super("counted-loop");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!stopped) {
                long start = System.nanoTime();
                value = counted(value);
                longestNanos = Math.max(longestNanos, System.nanoTime() - start);
            }
        }

        /** Each round needs the one before it, so that nothing can be said of the result without running them all. */
        private static int counted(int seed) {
            int value = seed;
            for (int i = 0; i < ROUNDS; i++) {
                value = value * 31 ^ i;
            }
            return value;
        }

        void finish() throws InterruptedException {
            stopped = true;
            join();
            System.out.printf("longest loop %.0f ms; value %d%n", longestNanos / 1e6, value);
        }
    }
}
