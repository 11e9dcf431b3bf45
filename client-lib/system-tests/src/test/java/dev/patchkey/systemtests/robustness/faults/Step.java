package dev.patchkey.systemtests.robustness.faults;

import java.util.List;

/**
 * Some calm, and then some faults at once.
 *
 * @param millis how long they last
 */
record Step(int calmMillis, List<Fault> faults, int millis) {

    @Override
    public String toString() {
        return "after " + calmMillis + " ms, for " + millis + " ms: " + faults;
    }
}
