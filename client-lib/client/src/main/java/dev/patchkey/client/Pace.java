package dev.patchkey.client;

import java.time.Duration;

/**
 * How often the edges of one key may be applied: a token bucket. An edge throws compiled code away, so a key that flaps
 * would keep the node rebinding and compiling. Not safe for use by several threads.
 */
final class Pace {

    /** A key that was quiet may change so often at once: an operator's on, off, on and off waits for nothing. */
    static final int EDGES_AT_ONCE = 4;

    /**
     * After that, and for as long as it lasts, one edge in this time. Even with a thousand methods to throw away an edge
     * takes a few hundredths of it, and what waits for it is late by no more than a person would notice.
     */
    static final Duration INTERVAL = Duration.ofMillis(250);

    private static final long INTERVAL_NANOS = INTERVAL.toNanos();

    /** When the bucket is full again, if that is not over. */
    private long fullNanos;

    Pace(long nowNanos) {
        fullNanos = nowNanos;
    }

    /** How long the next edge has to wait; at most {@link #INTERVAL}. */
    long waitNanos(long nowNanos) {
        return Math.max(0, fullNanos - nowNanos - (EDGES_AT_ONCE - 1) * INTERVAL_NANOS);
    }

    /** An edge has been applied, or tried, whether it had to wait or not. */
    void edge(long nowNanos) {
        long missing = Math.max(0, fullNanos - nowNanos) + INTERVAL_NANOS;
        fullNanos = nowNanos + Math.min(missing, EDGES_AT_ONCE * INTERVAL_NANOS);
    }
}
