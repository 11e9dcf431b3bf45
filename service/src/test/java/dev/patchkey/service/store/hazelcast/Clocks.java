package dev.patchkey.service.store.hazelcast;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** The clocks of a pod's machine, moved by the test. */
final class Clocks {
    private final AtomicReference<Instant> wall;

    /** Overflows with the first step, as {@link System#nanoTime} may. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE);

    Clocks(Instant start) {
        wall = new AtomicReference<>(start);
    }

    /** That of a pod which starts now. */
    SteadyClock steady() {
        return new SteadyClock(wall(), nanos::get);
    }

    InstantSource wall() {
        return wall::get;
    }

    /** Somebody sets the wall clock. */
    void stepWall(Duration by) {
        wall.updateAndGet(time -> time.plus(by));
    }

    /** Time goes by. */
    void pass(Duration time) {
        stepWall(time);
        nanos.addAndGet(time.toNanos());
    }
}
