package dev.patchkey.client;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Capped exponential backoff with full jitter: each delay is uniform between zero and a bound that doubles up to a cap,
 * so that a fleet that lost its pod together does not come back together. Not safe for use by several threads.
 */
final class Backoff {

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
        double bound = Math.min(cap.toMillis(), base.toMillis() * Math.pow(2, attempts));
        attempts++;
        return Duration.ofMillis((long) (bound * random.getAsDouble()));
    }

    void reset() {
        attempts = 0;
    }
}
