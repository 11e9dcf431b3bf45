package dev.patchkey.systemtests.robustness.traffic;

import dev.patchkey.systemtests.robustness.history.Operation;
import java.util.Objects;

/**
 * A hold with a lease that its caller renews.
 *
 * @param due when it is to be renewed next, by {@link System#nanoTime()}
 * @param renewals how many more there will be; then it is released, or left to end
 */
record Leased(Operation.Acquire acquire, long due, int renewals) {

    /** A caller renews when a third of the lease is over, so that two renewals may fail. */
    private static final int RENEWALS_PER_LEASE = 3;

    static Leased after(Operation.Acquire acquire, int renewals) {
        long lease = Objects.requireNonNull(acquire.lease()).toNanos();
        return new Leased(acquire, System.nanoTime() + lease / RENEWALS_PER_LEASE, renewals);
    }
}
