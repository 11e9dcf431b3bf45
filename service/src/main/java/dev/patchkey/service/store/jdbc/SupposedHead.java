package dev.patchkey.service.store.jdbc;

import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The head as it must be if nobody but this pod has moved it since this pod last did. Whoever goes by it has the database
 * make sure, of the time within {@link #CLOCK_TOLERANCE} too. Not thread-safe.
 */
final class SupposedHead {

    /** How long the database's clock is told from this pod's own before it is read anew. */
    static final Duration CLOCK_KEPT = Duration.ofSeconds(1);

    /**
     * How far a time that was told may be from the database's clock when the head is found to be as supposed: more, and one
     * of the clocks was set, or the pod was paused, and a request would be remembered for too short a time, or too long.
     */
    static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(1);

    /** After another committer or an error was met, it is likely to be met again. */
    static final Duration PAUSE = Duration.ofSeconds(1);

    private final LongSupplier nanoClock;
    private final Duration pause;
    private @Nullable Head last;

    /** The database's clock, and the own one when that was read; null before that. */
    private @Nullable Instant clock;

    private long clockReadAt;
    private boolean paused;
    private long pausedAt;

    /**
     * @param nanoClock monotonic, like {@link System#nanoTime}
     * @param pause for how long nothing is supposed after that went wrong
     */
    SupposedHead(LongSupplier nanoClock, Duration pause) {
        this.nanoClock = nanoClock;
        this.pause = pause;
    }

    /** The head, with the time that it is now by the database's clock; null if nothing can be supposed. */
    @Nullable Head now() {
        long now = nanoClock.getAsLong();
        if (paused && now - pausedAt < pause.toNanos()) {
            return null;
        }
        if (last == null || clock == null || now - clockReadAt >= CLOCK_KEPT.toNanos()) {
            return null;
        }
        return last.at(Sql.precise(clock.plusNanos(now - clockReadAt)));
    }

    /** The head was locked, so that its time is right. */
    void locked(Head head) {
        clock = head.now();
        clockReadAt = nanoClock.getAsLong();
    }

    /** This pod has moved it. */
    void moved(Head head) {
        last = head;
    }

    /** It was not so, by another committer or by the clock, or the database could not say. */
    void pause() {
        last = null;
        paused = true;
        pausedAt = nanoClock.getAsLong();
    }

    /** This pod may have moved it. */
    void forget() {
        last = null;
    }
}
