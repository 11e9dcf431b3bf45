package dev.patchkey.benchmarks.check;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One check that guards one small piece of work. Most of the time is what JMH needs for a call: subtract no row from
 * another, and tell rows apart only where they differ by more than their error.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class StraightCheck {

    private int value = 1;

    /** The code of a key that is off, without the check. */
    @Benchmark
    public int noCheckOff() {
        return Work.always(value);
    }

    /** The code of a key that is on, without the check. */
    @Benchmark
    public int noCheckOn() {
        return Work.guarded(Work.always(value));
    }

    @Benchmark
    public int constant() {
        int result = Work.always(value);
        if (Subjects.CONSTANT) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int plainBoolean() {
        int result = Work.always(value);
        if (Subjects.plain) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int volatileBoolean() {
        int result = Work.always(value);
        if (Subjects.published) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int atomicInteger() {
        int result = Work.always(value);
        if (Subjects.COUNT.get() > 0) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int staticKey() {
        int result = Work.always(value);
        if (Subjects.KEY.isEnabled()) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int togglz(TogglzSetUp manager) {
        int result = Work.always(value);
        if (Peers.TogglzFeature.CHECKED.isActive()) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int togglzManagerKept() {
        int result = Work.always(value);
        if (Peers.Togglz.MANAGER.isActive(Peers.TogglzFeature.CHECKED)) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int unleash() {
        int result = Work.always(value);
        if (Peers.UnleashClient.UNLEASH.isEnabled(Peers.FLAG)) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int fakeUnleash() {
        int result = Work.always(value);
        if (Peers.Fake.UNLEASH.isEnabled(Peers.FLAG)) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int launchDarkly() {
        int result = Work.always(value);
        if (Peers.LaunchDarkly.CLIENT.boolVariation(Peers.FLAG, Peers.LaunchDarkly.CONTEXT, false)) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int openFeature() {
        int result = Work.always(value);
        if (Peers.OpenFeature.CLIENT.getBooleanValue(Peers.FLAG, false)) {
            result = Work.guarded(result);
        }
        return result;
    }

    @Benchmark
    public int directCall() {
        return Subjects.OPERATOR.applyAsInt(value);
    }

    @Benchmark
    public int staticCall() {
        return Subjects.CALL.get().applyAsInt(value);
    }
}
