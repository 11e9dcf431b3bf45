package dev.patchkey.benchmarks;

import java.util.Objects;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * A mean with its error: half of its 99.9 % confidence interval, as JMH gives it; not a number if there was one sample
 * only.
 */
public record Measured(double mean, double error) {

    private static final String BYTES = "gc.alloc.rate.norm";

    /** What JMH has measured of the benchmark itself. */
    public static Measured primary(RunResult result) {
        return of(result.getPrimaryResult());
    }

    /** Bytes allocated per operation by all threads, if JMH's profiler of the garbage collector was on. */
    public static Measured bytes(RunResult result) {
        return of(Objects.requireNonNull(result.getSecondaryResults().get(BYTES), BYTES));
    }

    private static Measured of(Result<?> result) {
        return new Measured(result.getScore(), result.getScoreError());
    }

    /** The quotient, its relative error being that of two independent measurements. */
    public Measured ratioTo(Measured base) {
        double ratio = mean / base.mean;
        return new Measured(ratio, ratio * Math.hypot(error / mean, base.error / base.mean));
    }

    /** As a cell of a table, with digits enough to see the error. */
    @Override
    public String toString() {
        double magnitude = Math.abs(mean);
        String format = magnitude < 10 ? "%,.3f" : magnitude < 1000 ? "%,.1f" : "%,.0f";
        return format.formatted(mean) + (Double.isNaN(error) ? "" : " ± " + format.formatted(error));
    }
}
