package dev.patchkey.client;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Capped exponential backoff with full jitter: each delay is uniform between zero and a bound that doubles up to a cap,
 * so that a fleet that lost its pod together does not come back together. Not safe for use by several threads.
 */
final class Backoff {

    /** Enough to pass any cap, and too few to overflow from any base in use. */
    private static final int MOST_DOUBLINGS = 30;

    private final Duration base;
    private final Duration cap;
    private final DoubleSupplier random;
    private int attempts;

    /** @param random uniform in [0, 1) */
    Backoff(Duration base, Duration cap, DoubleSupplier random) {
        this.base = base;
        this.cap = cap;
        this.random = random;
    }

    Duration next() {
        long bound = Math.min(cap.toMillis(), base.toMillis() << attempts);
        attempts = Math.min(attempts + 1, MOST_DOUBLINGS);
        return Duration.ofMillis((long) (bound * random.getAsDouble()));
    }

    void reset() {
        attempts = 0;
    }
}
