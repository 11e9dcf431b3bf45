package dev.patchkey.systemtests.robustness.validation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A run that shows something passes, and one from which one thing is missing is caught. */
class VacuityTest {

    private static final String KEY = "k";
    private static final Version VERSION = new Version(1, 1);

    /** The storm of these runs. */
    private static final long BEGIN = 1000;

    private static final long END = 2000;

    private final List<Call> calls = new ArrayList<>();
    private final List<Sighting> sightings = new ArrayList<>();
    private int faults = 1;

    VacuityTest() {
        for (int i = 1; i < Vacuity.LEAST_ACKNOWLEDGED; i++) {
            read("r" + i, false);
        }
        read("applied", true);
        sighting("n0", KEY, true, BEGIN - 500, BEGIN + 50);
        sighting("n1", KEY, true, END - 50, END + 500);
    }

    @Test
    void aRunThatShowsSomethingPasses() {
        assertThat(violations()).isEmpty();
    }

    @Test
    void aRunWithoutAFaultIsCaught() {
        faults = 0;
        caught("no fault");
    }

    @Test
    void aRunWhoseCallersWereHardlyAnsweredIsCaught() {
        calls.remove(0);
        caught("only 49 operations");
    }

    @Test
    void aRunWithoutAClaimThatAChangeIsAppliedIsCaught() {
        calls.remove(calls.size() - 1);
        read("not applied", false);
        caught("applied everywhere");
    }

    @Test
    void aRunOneOfWhoseNodesWasLiveBeforeTheStormAloneIsCaught() {
        sightings.remove(0);
        sighting("n0", KEY, true, BEGIN - 500, BEGIN);
        sighting("n1", KEY, true, BEGIN, END);
        caught("n0 was never live");
    }

    @Test
    void aRunOneOfWhoseNodesNeverKnewThatItWasLiveIsCaught() {
        sightings.remove(0);
        sighting("n0", KEY, false, BEGIN, END);
        sighting("n1", KEY, true, BEGIN, END);
        caught("n0 was never live");
    }

    @Test
    void aRunOneOfWhoseKeysANodeNeverSawIsCaught() {
        calls.add(new Call("other", new Operation.Read("k2", true), BEGIN, END, false, new Answer.Unknown()));
        sighting("n1", KEY, true, BEGIN, END);
        sighting("n1", "k2", true, BEGIN, END);
        caught("n0 was never live");
    }

    @Test
    void aRunWhoseNodesWereHardlyLiveIsCaught() {
        sightings.remove(1);
        sighting("n1", KEY, true, END - 49, END);
        caught("live for PT0.000000099S together");
    }

    private List<Violation> violations() {
        History history = new History(calls, List.of(), sightings, List.of(), List.of(), Set.of("n0", "n1"));
        return new Vacuity(history, BEGIN, END).check(faults);
    }

    private void caught(String what) {
        assertThat(violations())
                .singleElement()
                .satisfies(violation ->
                        assertThat(violation.toString()).startsWith("VACUOUS: ").contains(what));
    }

    private void read(String id, boolean applied) {
        Answer answer = new Answer.Done(1, false, VERSION, new Propagation(applied, Set.of()));
        calls.add(new Call(id, new Operation.Read(KEY, true), BEGIN, END, false, answer));
    }

    private void sighting(String node, String key, boolean live, long first, long last) {
        sightings.add(new Sighting(node, 1, key, VERSION, 1, false, live, first, last));
    }
}
