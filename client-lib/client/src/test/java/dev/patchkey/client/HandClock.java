package dev.patchkey.client;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A monotonic clock whose time passes when a test says so. Begins where its sum is about to overflow, as it may. */
final class HandClock implements LongSupplier {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - Pace.INTERVAL.toNanos());

    @Override
    public long getAsLong() {
        return nanos.get();
    }

    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
