package dev.patchkey.systemtests.robustness.validation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What calls of unknown fate can explain where no rows are kept, and what they cannot. */
class ReconstructionTest {

    private static final String KEY = "k";

    private final List<Call> calls = new ArrayList<>();
    private final List<Sighting> sightings = new ArrayList<>();
    private final List<Finale> finales = new ArrayList<>();

    @Test
    void aGapIsExplainedByCallsOfUnknownFate() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("b", increment(2), 11, 20, new Answer.Unknown());
        call("c", decrement(1), 12, 20, new Answer.Unknown());
        call("d", increment(1), 30, 40, done(3, 4));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aGapThatTheirEffectsDoNotFillIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("b", increment(2), 11, 20, new Answer.Unknown());
        call("d", increment(1), 30, 40, done(3, 3));
        caught("S1", "not explained");
    }

    @Test
    void aGapOfMoreChangesThanWereAskedForIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("b", increment(2), 11, 20, new Answer.Unknown());
        call("d", increment(1), 30, 40, done(4, 4));
        caught("S1", "only 1 calls");
    }

    @Test
    void aGapBeforeItsOnlyCallBeganIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("d", increment(1), 30, 40, done(4, 3));
        call("b", increment(2), 41, 50, new Answer.Unknown());
        caught("S1", "not explained");
    }

    @Test
    void aChangeOfUnknownFateThatIsNeededTwiceIsCaught() {
        call("b", increment(2), 0, 1, new Answer.Unknown());
        call("c", decrement(1), 0, 1, new Answer.Unknown());
        call("a", increment(1), 10, 20, done(3, 2));
        call("d", increment(1), 30, 40, done(6, 4));
        caught("S1", "not explained");
    }

    @Test
    void aReadInAGapOrdersWhatIsInIt() {
        call("b", increment(1), 0, 1, new Answer.Unknown());
        call("c", increment(2), 0, 1, new Answer.Unknown());
        call("r", new Operation.Read(KEY, true), 20, 30, noOp(2, 1));
        call("s", new Operation.Read(KEY, true), 40, 50, noOp(3, 2));
        assertThat(violations()).isEmpty();
        calls.remove(2);
        call("t", new Operation.Read(KEY, true), 20, 30, noOp(3, 1));
        caught("S1", "not explained");
    }

    @Test
    void aRefusalTellsAHoldFromAReference() {
        call("b", increment(1), 0, 1, new Answer.Unknown());
        call("c", new Operation.Acquire(KEY, "alice"), 0, 1, new Answer.Unknown());
        call("r", new Operation.Read(KEY, true), 10, 20, noOp(1, 1));
        call("d", decrement(1), 30, 40, new Answer.Refused());
        finale(1, Set.of("alice"));
        assertThat(violations()).isEmpty();
        finales.clear();
        finale(1, Set.of());
        caught("S6", "refused");
    }

    @Test
    void aReleaseThatWasRetriedBlindlyMayHaveBeenMadeByItsFirstAttempt() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 10, done(1, 1));
        calls.add(new Call("b", new Operation.Release(KEY, "alice"), 11, 20, true, noOp(0, 2)));
        assertThat(violations()).isEmpty();
    }

    @Test
    void twoChangesWithOneNumberAreCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("b", increment(1), 20, 30, new Answer.Done(1, true, new Version(8, 1), Propagation.NOT_ASKED));
        caught("S4", "two changes");
    }

    @Test
    void whatWasSeenInAnEpochThatIsOverNeedNotHaveBeen() {
        call("a", increment(1), 0, 10, done(1, 1));
        call("b", increment(5), 0, 10, new Answer.Unknown());
        sightings.add(new Sighting("n", 1, KEY, version(2), 6, false, true, 11, 12));
        call("c", increment(1), 20, 30, new Answer.Done(2, true, new Version(8, 2), Propagation.NOT_ASKED));
        assertThat(violations()).isEmpty();
        sightings.add(new Sighting("m", 1, KEY, new Version(8, 2), 6, false, true, 31, 32));
        caught("S4", "another count");
    }

    @Test
    void whatTakesTooLongToDecideIsSaidToBeUndecided() {
        for (int i = 0; i < 30; i++) {
            call("u" + i, increment(1 << i), 0, 1, new Answer.Unknown());
        }
        call("r", new Operation.Read(KEY, true), 10, 20, noOp(-1, 12));
        caught("S1", "undecided");
    }

    private List<Violation> violations() {
        return Validation.checkWithoutRows(
                new History(calls, List.of(), sightings, finales, List.of(), Set.of("n", "m")));
    }

    private void caught(String promise, String what) {
        assertThat(violations())
                .anySatisfy(violation -> assertThat(violation.toString())
                        .startsWith(promise + ": ")
                        .contains(what));
    }

    private void call(String id, Operation operation, long begin, long end, Answer answer) {
        calls.add(new Call(id, operation, begin, end, false, answer));
    }

    private void finale(int count, Set<String> holders) {
        Finale.Seen seen = new Finale.Seen(count, version(1), true);
        finales.add(new Finale(KEY, Map.of("pod", seen), Map.of(), holders, holders));
    }

    private static Operation increment(int by) {
        return new Operation.Increment(KEY, by);
    }

    private static Operation decrement(int by) {
        return new Operation.Decrement(KEY, by);
    }

    private static Answer done(int count, long revision) {
        return new Answer.Done(count, true, version(revision), Propagation.NOT_ASKED);
    }

    private static Answer noOp(int count, long revision) {
        return new Answer.Done(count, false, version(revision), Propagation.NOT_ASKED);
    }

    private static Version version(long revision) {
        return new Version(7, revision);
    }
}
