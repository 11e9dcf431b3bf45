package dev.patchkey.systemtests.robustness.faults;

import java.util.function.BooleanSupplier;

/**
 * One thing done to the cluster.
 *
 * @param kind what it is, for the summary
 * @param target what it is done to
 * @param inject does it; false if that does nothing, such as to kill, or to cut off, what is dead
 * @param heal undoes it
 */
record Fault(String kind, String target, BooleanSupplier inject, Runnable heal) {

    @Override
    public String toString() {
        return kind + " (" + target + ")";
    }
}
