package dev.patchkey.service.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * Asked when an answer is given, and by the monotonic clock: a JVM that was paused finds its last proof too old at once,
 * before it has heard anything of what happened meanwhile.
 */
/**
 * Whether what this pod has in memory is current. It is for {@link #CURRENT_FOR} after the beginning of a comparison with
 * the authority that has succeeded, unless the pod knows that it is cut off. Thread-safe.
 */
public final class Staleness {

    /** How often a pod compares its memory with the authority. */
    public static final Duration RECONCILED_EVERY = Duration.ofSeconds(1);

    /**
     * How long a comparison vouches for the memory: the time to the next one, and two seconds for a slow one. Far below
     * the ten seconds after which the other pods drop one that is silent and go on without it.
     */
    public static final Duration CURRENT_FOR = RECONCILED_EVERY.plusSeconds(2);

    private final LongSupplier nanoClock;
    private final InstantSource clock;
    private final Supplier<@Nullable String> cutOff;

    /** The beginning of the last comparison that has succeeded, by the monotonic clock. */
    private final AtomicLong provenAt;

    private volatile boolean everProven;

    /**
     * Vouches for nothing before the first comparison.
     *
     * @param cutOff says why the pod knows that it is cut off, in a sentence, or null if it does not; must not block
     */
    public Staleness(Supplier<@Nullable String> cutOff) {
        this(cutOff, System::nanoTime, InstantSource.system());
    }

    Staleness(Supplier<@Nullable String> cutOff, LongSupplier nanoClock, InstantSource clock) {
        this.cutOff = cutOff;
        this.nanoClock = nanoClock;
        this.clock = clock;
        this.provenAt = new AtomicLong(nanoClock.getAsLong());
    }

    /** The time at which a comparison begins, to be given to {@link #proven} if it succeeds. */
    public long begin() {
        return nanoClock.getAsLong();
    }

    /** The memory has everything that was acknowledged before that time. */
    public void proven(long begun) {
        provenAt.accumulateAndGet(begun, (known, now) -> now - known > 0 ? now : known);
        everProven = true;
    }

    /** Null if the memory is current. */
    public @Nullable Stale now() {
        String reason = cutOff.get();
        if (reason != null) {
            return because(reason);
        }
        if (!everProven) {
            return because("This pod has not yet compared its memory with the store");
        }
        return nanoClock.getAsLong() - provenAt.get() > CURRENT_FOR.toNanos()
                ? because("This pod could not compare its memory with the store for more than "
                        + CURRENT_FOR.toSeconds() + " s")
                : null;
    }

    /** How long ago the last comparison that has succeeded began; before the first, how long one has been wanted. */
    public Duration age() {
        return Duration.ofNanos(nanoClock.getAsLong() - provenAt.get());
    }

    /** For an answer that could not be shown to be current, whatever {@link #now} says. */
    public Stale because(String reason) {
        return new Stale(since(), reason);
    }

    private Instant since() {
        return clock.instant().minusNanos(nanoClock.getAsLong() - provenAt.get());
    }
}
