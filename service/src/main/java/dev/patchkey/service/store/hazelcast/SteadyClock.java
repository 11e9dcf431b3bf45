package dev.patchkey.service.store.hazelcast;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The time as the wall clock had it when this pod started, and from there on by the monotonic clock: nobody who sets the
 * wall clock moves it. Thread-safe.
 *
 * <p>As far as the wall clock was off at the start, this one is off until the pod starts anew.
 */
final class SteadyClock implements InstantSource {
    private final LongSupplier nanoClock;
    private final Instant start;

    /** {@link #start} by the monotonic clock. */
    private final long startNanos;

    SteadyClock() {
        this(InstantSource.system(), System::nanoTime);
    }

    /**
     * @param wall asked once
     * @param nanoClock monotonic, like {@link System#nanoTime}
     */
    SteadyClock(InstantSource wall, LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.start = wall.instant();
        this.startNanos = nanoClock.getAsLong();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanoClock.getAsLong() - startNanos);
    }
}
