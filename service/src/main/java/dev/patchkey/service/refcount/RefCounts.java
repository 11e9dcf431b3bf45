package dev.patchkey.service.refcount;

import java.time.Duration;
import java.time.Instant;

/**
 * The rules of reference counting, as one function without effects. Both stores decide by it, under their own fence, and
 * nothing else decides.
 */
public final class RefCounts {

    /**
     * How long the end of a node's hold is remembered. A late acquire must be recognised for as long as it may still be
     * under way; no request lives longer than its own timeout, which is far less.
     */
    public static final Duration ENDED_KEPT = Duration.ofMinutes(10);

    /** The most holds on one key: above any fleet this service is made for, and a bound on what one entry can weigh. */
    public static final int MOST_HOLDS = 100_000;

    private RefCounts() {}

    /**
     * What the authority brings to a decision.
     *
     * @param now the store's clock
     * @param epoch the store's epoch
     * @param revision the revision that the command takes if it changes the key; above the key's own
     */
    public record Moment(Instant now, long epoch, long revision) {}

    /**
     * A decision.
     *
     * @param state the key after the command; the very instance that was given where there is nothing to write
     * @param outcome what to tell the caller; {@code Done.changed()} says whether the revision was taken
     */
    public record Decision(KeyState state, Outcome outcome) {}
}
