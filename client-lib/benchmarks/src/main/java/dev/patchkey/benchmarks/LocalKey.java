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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A reference to a local key taken and given back while another is held, so that no edge is crossed; and its limit, an
 * atomic integer counted up and down.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class LocalKey {

    private static final StaticKey KEY = StaticKey.detached("benchmark.local");
    private static final AtomicInteger COUNT = new AtomicInteger(1);

    private Enablement held = KEY.enable();

    @Setup
    public void requireEnabled() {
        if (!KEY.isEnabled()) {
            throw new IllegalStateException("the key is not enabled");
        }
    }

    @TearDown
    public void disable() {
        held.close();
    }

    @Benchmark
    public Enablement enableAndClose() {
        Enablement enablement = KEY.enable();
        enablement.close();
        return enablement;
    }

    @Benchmark
    public int atomicUpAndDown() {
        COUNT.incrementAndGet();
        return COUNT.decrementAndGet();
    }
}
