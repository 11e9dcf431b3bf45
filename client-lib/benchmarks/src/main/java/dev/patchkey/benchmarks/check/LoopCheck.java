package dev.patchkey.benchmarks.check;

import java.util.concurrent.TimeUnit;
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

/**
 * A check in each round of a loop over integers, which C2 vectorises if nothing is in its way. One operation is one
 * round. What does not fold either is moved out of the loop, as a plain boolean may be, or keeps the loop scalar, as a
 * volatile read must.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class LoopCheck {

    private static final int ROUNDS = 4096;

    private final int[] source = new int[ROUNDS];
    private final int[] target = new int[ROUNDS];

    @Setup
    public void fill() {
        for (int i = 0; i < ROUNDS; i++) {
            source[i] = i;
        }
    }

    /** The code of a key that is off, without the check. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] noCheckOff() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            to[i] = Work.always(from[i]);
        }
        return to;
    }

    /** The code of a key that is on, without the check. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] noCheckOn() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            to[i] = Work.guarded(Work.always(from[i]));
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] constant() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Subjects.CONSTANT) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] plainBoolean() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Subjects.plain) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] volatileBoolean() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Subjects.published) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] atomicInteger() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Subjects.COUNT.get() > 0) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] staticKey() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Subjects.KEY.isEnabled()) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] togglz(TogglzSetUp manager) {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Peers.TogglzFeature.CHECKED.isActive()) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] unleash() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Peers.UnleashClient.UNLEASH.isEnabled(Peers.FLAG)) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] fakeUnleash() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Peers.Fake.UNLEASH.isEnabled(Peers.FLAG)) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] launchDarkly() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Peers.LaunchDarkly.CLIENT.boolVariation(Peers.FLAG, Peers.LaunchDarkly.CONTEXT, false)) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] openFeature() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            int result = Work.always(from[i]);
            if (Peers.OpenFeature.CLIENT.getBooleanValue(Peers.FLAG, false)) {
                result = Work.guarded(result);
            }
            to[i] = result;
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] directCall() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            to[i] = Subjects.OPERATOR.applyAsInt(from[i]);
        }
        return to;
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public int[] staticCall() {
        int[] from = source;
        int[] to = target;
        for (int i = 0; i < ROUNDS; i++) {
            to[i] = Subjects.CALL.get().applyAsInt(from[i]);
        }
        return to;
    }
}
