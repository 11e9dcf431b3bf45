package dev.patchkey.client;

import java.time.Duration;

/** How many edges the rebinder has applied, and how long they took. Safe for use by several threads. */
final class EdgeTally {

    // All guarded by this
    private long enables;
    private long disables;
    private long nanos;
    private long longestNanos;
    private long failures;

    synchronized void add(boolean enable, long tookNanos) {
        if (enable) {
            enables++;
        } else {
            disables++;
        }
        nanos += tookNanos;
        longestNanos = Math.max(longestNanos, tookNanos);
    }

    synchronized void addFailure() {
        failures++;
    }

    synchronized Figures.Edges edges() {
        return new Figures.Edges(enables, disables, Duration.ofNanos(nanos), Duration.ofNanos(longestNanos));
    }

    synchronized long failures() {
        return failures;
    }
}
