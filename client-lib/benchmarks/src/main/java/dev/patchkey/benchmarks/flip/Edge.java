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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One edge of a local key, up or down, when so many compiled methods depend on it. Each edge is measured once and then
 * prepared anew. The code that makes it is under the JVM's defaults and runs no more than {@code Warmup} and {@code
 * Measurement} say, so it is as cold as in an application that seldom changes a key.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 15)
@Fork(2)
public class Edge {

    /** The methods that depend on the key. */
    @State(Scope.Benchmark)
    public static class Prepared {

        @Param({"0", "1", "10", "100", "1000"})
        public int dependents;

        final Dependents methods = new Dependents();

        @Nullable Enablement enablement;

        @Setup(Level.Trial)
        public void define() throws Exception {
            methods.define(dependents);
        }
    }

    /** A disabled key with its dependent methods compiled for that. */
    @State(Scope.Benchmark)
    public static class Disabled extends Prepared {

        @Setup(Level.Iteration)
        public void compile() throws Throwable {
            methods.compile();
        }

        @TearDown(Level.Iteration)
        public void disable() throws JMException {
            methods.requireNoneCompiled();
            Objects.requireNonNull(enablement).close();
        }
    }

    /** An enabled key with its dependent methods compiled for that. */
    @State(Scope.Benchmark)
    public static class Enabled extends Prepared {

        @Setup(Level.Iteration)
        public void compile() throws Throwable {
            enablement = Dependents.KEY.enable();
            methods.compile();
        }

        @TearDown(Level.Iteration)
        public void requireDeoptimised() throws JMException {
            methods.requireNoneCompiled();
        }
    }

    @Benchmark
    public void up(Disabled key) {
        key.enablement = Dependents.KEY.enable();
    }

    @Benchmark
    public void down(Enabled key) {
        Objects.requireNonNull(key.enablement).close();
    }
}
