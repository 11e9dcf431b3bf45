package dev.patchkey.systemtests.robustness.validation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Each rule on histories that keep the promise, and on ones with a planted error. */
class ValidationTest {

    private static final String KEY = "k";
    private static final long LEASE = Duration.ofSeconds(2).toNanos();

    private final List<Call> calls = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<Sighting> sightings = new ArrayList<>();
    private final List<Finale> finales = new ArrayList<>();
    private final List<BrokenPromise> brokenPromises = new ArrayList<>();

    @Test
    void aHistoryThatKeepsEveryPromisePasses() {
        call("a", increment(2), 0, 10, done(2, 1));
        row(1, "increment", null, "a", 2);
        call("b", new Operation.Acquire(KEY, "alice"), 5, 20, done(3, 2));
        row(2, "acquire", "alice", "b", 3);
        call("b2", new Operation.Acquire(KEY, "alice"), 21, 22, noOp(3, 2));
        call("c", decrement(3), 23, 24, new Answer.Refused());
        call("d", decrement(2), 25, 40, new Answer.Unknown());
        row(3, "decrement", null, "d", 1);
        call("e", increment(1), 26, 28, new Answer.NotDone());
        call("f", increment(1), 26, 50, new Answer.Unknown());
        call("g", read(true), 45, 46, noOp(1, 3));
        call("h", new Operation.Release(KEY, "alice"), 60, 70, done(0, 4));
        row(4, "release", "alice", null, 0);
        call("i", read(false), 65, 66, noOp(1, 3));
        call("j", read(false), 90, 91, new Answer.Stale(3, version(2)));
        sighting(1, 2, 12, 14);
        sighting(4, 0, 69, 99);
        finale(4, 0, Set.of(), Set.of());
        assertThat(violations()).isEmpty();
    }

    @Test
    void anAcknowledgedChangeThatIsMissingIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        caught("S1", "lost");
    }

    @Test
    void aChangeThatWasMadeTwiceIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        row(2, "increment", null, "a", 2);
        caught("S1", "doubled");
    }

    @Test
    void aChangeOfUnknownFateThatWasMadeTwiceIsCaught() {
        call("a", increment(1), 0, 10, new Answer.Unknown());
        row(1, "increment", null, "a", 1);
        row(2, "increment", null, "a", 2);
        caught("S1", "doubled");
    }

    @Test
    void aChangeSaidNotToBeMadeIsCaught() {
        call("a", increment(1), 0, 10, new Answer.NotDone());
        row(1, "increment", null, "a", 1);
        caught("S2", "made, and said not to be");
    }

    @Test
    void aRefusedChangeThatWasMadeIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("b", decrement(1), 11, 12, new Answer.Refused());
        row(2, "decrement", null, "b", 0);
        caught("S1", "made, and said not to be");
    }

    @Test
    void aChangeThatNobodyAskedForIsCaught() {
        row(1, "increment", null, "nobody", 1);
        caught("S1", "nobody asked for");
    }

    @Test
    void aCountThatDoesNotFollowFromItsOperationIsCaught() {
        call("a", increment(2), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        caught("S1", "by its operation 2");
    }

    @Test
    void aCountBelowZeroIsCaught() {
        call("a", decrement(1), 0, 10, done(-1, 1));
        row(1, "decrement", null, "a", -1);
        caught("S6", "-1 bare");
    }

    @Test
    void anAnswerWithAnotherChangesVersionIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("b", increment(1), 0, 10, done(1, 1));
        row(2, "increment", null, "b", 2);
        caught("S1", "the version of another change");
    }

    @Test
    void anAnswerWithAnotherCountIsCaught() {
        call("a", increment(1), 0, 10, done(7, 1));
        row(1, "increment", null, "a", 1);
        caught("S1", "another count");
    }

    @Test
    void aVersionGivenTwiceIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("b", increment(1), 0, 10, done(2, 1));
        row(1, "increment", null, "b", 2);
        caught("S4", "two changes");
    }

    @Test
    void versionsAgainstTheOrderOfTimeAreCaught() {
        call("a", increment(1), 0, 10, done(2, 2));
        row(2, "increment", null, "a", 2);
        call("b", increment(1), 11, 20, done(1, 1));
        row(1, "increment", null, "b", 1);
        caught("S1", "not linearizable");
    }

    @Test
    void aStrongReadOfThePastIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("r", read(true), 11, 12, noOp(0, 0));
        caught("S1", "older than what was acknowledged");
    }

    @Test
    void aWeakReadOfThePastIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("r", read(false), 11, 12, noOp(0, 0));
        caught("S1", "older than what was acknowledged");
    }

    @Test
    void aWeakReadMayMissWhatOnlyAStrongReadHasSeen() {
        call("a", increment(1), 0, 100, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("s", read(true), 10, 11, noOp(1, 1));
        call("r", read(false), 20, 21, noOp(0, 0));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aWeakReadMayMissWhatWasAnsweredAsANoOp() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 10, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        calls.add(new Call("b", new Operation.Release(KEY, "alice"), 11, 20, true, noOp(0, 2)));
        row(2, "release", "alice", null, 0);
        call("r", read(false), 21, 22, noOp(1, 1));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aStrongReadThatGoesBackBehindAnotherIsCaught() {
        call("a", increment(1), 0, 100, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("s", read(true), 10, 11, noOp(1, 1));
        call("r", read(true), 20, 21, noOp(0, 0));
        caught("S1", "older than what was acknowledged");
    }

    @Test
    void aReadOfTheFutureIsCaught() {
        call("r", read(true), 0, 5, noOp(1, 1));
        call("a", increment(1), 10, 20, done(1, 1));
        row(1, "increment", null, "a", 1);
        caught("S1", "from the future");
    }

    @Test
    void aReadThatStandsBetweenTwoChangesOrdersThem() {
        // The read saw the first change alone and ended before the second began; the first began after that.
        call("a", increment(1), 30, 40, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("r", read(true), 10, 20, noOp(1, 1));
        caught("S1", "from the future");
    }

    @Test
    void aStaleReadOfWhatNeverWasIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("r", read(false), 20, 21, new Answer.Stale(5, version(1)));
        caught("S1", "a state that the key never had");
    }

    @Test
    void aRefusalThatWasNeverRightIsCaught() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("b", decrement(1), 11, 12, new Answer.Refused());
        caught("S6", "refused");
    }

    @Test
    void aNoOpThatWouldHaveBeenAChangeIsCaught() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 10, noOp(0, 0));
        caught("S1", "where it would have been a change");
    }

    @Test
    void aHoldThatIsAcquiredWhereItStandsIsCaught() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 10, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "acquire", "alice", null, 2);
        caught("S1", "a hold that stood was acquired");
    }

    @Test
    void aNodeThatGoesBackIsCaught() {
        twoIncrements();
        sighting(2, 2, 30, 40);
        sighting(1, 1, 41, 50);
        caught("N3", "after");
    }

    @Test
    void aNodesNewLifeMayBeginBehindItsOldOne() {
        twoIncrements();
        sighting(2, 2, 30, 40);
        sightings.add(new Sighting("n", 2, KEY, version(1), 1, false, true, 41, 50));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aNodeThatSeesAnotherCountIsCaught() {
        twoIncrements();
        sighting(1, 2, 30, 40);
        caught("S4", "another count");
    }

    @Test
    void aNodeThatSeesTheFutureIsCaught() {
        twoIncrements();
        sighting(2, 2, 5, 6);
        caught("S1", "before it was asked for");
    }

    @Test
    void anEarlyClaimThatAChangeIsAppliedIsCaught() {
        call("a", increment(1), 0, 10, applied(1, 1, Set.of()));
        row(1, "increment", null, "a", 1);
        sighting(0, 0, 1, 11);
        caught("S5", "claimed by");
    }

    @Test
    void nothingIsClaimedForANodeWhoseLeaseRanOut() {
        call("a", increment(1), 0, 10, applied(1, 1, Set.of("n")));
        row(1, "increment", null, "a", 1);
        sighting(0, 0, 1, 11);
        assertThat(violations()).isEmpty();
    }

    @Test
    void nothingIsClaimedForANodeThatKnowsItIsStale() {
        call("a", increment(1), 0, 10, applied(1, 1, Set.of()));
        row(1, "increment", null, "a", 1);
        sightings.add(new Sighting("n", 1, KEY, version(0), 0, true, false, 1, 11));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aPodOrANodeLeftBehindIsCaught() {
        twoIncrements();
        finale(1, 1, Set.of(), Set.of());
        caught("S3", "is left at");
    }

    @Test
    void aPodLeftStaleIsCaught() {
        twoIncrements();
        Finale.Seen stale = new Finale.Seen(2, version(2), false);
        finales.add(new Finale(KEY, Map.of("pod", stale), Map.of(), Set.of(), Set.of()));
        caught("S8", "pod shows k and does not take it for the present");
    }

    @Test
    void aNodeThatIsNotReadyInTheEndIsCaught() {
        twoIncrements();
        Finale.Seen stale = new Finale.Seen(2, version(2), false);
        finales.add(new Finale(KEY, Map.of(), Map.of("n (SUPERSEDED)", stale), Set.of(), Set.of()));
        caught("S8", "n (SUPERSEDED) shows k and does not take it for the present");
    }

    @Test
    void aHoldOfACallerThatNobodyReleasedIsCaught() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "release", "alice", null, 0);
        caught("S1", "nobody asked for");
    }

    @Test
    void aHoldOfNeitherACallerNorANodeIsCaught() {
        row(1, "acquire", "somebody", null, 1);
        caught("S1", "nobody asked for");
    }

    @Test
    void aNodeMayAcquireAndReleaseWithoutACall() {
        row(1, "acquire", "node", null, 1);
        row(2, "release", "node", null, 0);
        finale(2, 0, Set.of(), Set.of());
        assertThat(violations()).isEmpty();
    }

    @Test
    void aHoldOfTheDeadThatStandsIsCaught() {
        row(1, "acquire", "node", null, 1);
        finale(1, 1, Set.of("node"), Set.of());
        caught("S7", "holds of the dead");
    }

    @Test
    void aHoldOfTheLivingThatEndedIsCaught() {
        row(1, "acquire", "node", null, 1);
        row(2, "expire", "node", null, 0);
        finale(2, 0, Set.of(), Set.of("node"));
        caught("S7", "holds of the living");
    }

    @Test
    void aHoldThatIsRenewedOutlivesItsFirstLease() {
        leased("a", 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        leased("b", LEASE / 2, LEASE / 2 + 1, noOp(1, 1));
        call("r", read(true), LEASE + LEASE / 4, LEASE + LEASE / 3, noOp(1, 1));
        row(2, "expire", "alice", "the lease ended", 0);
        call("s", read(true), LEASE, 2 * LEASE, noOp(0, 2));
        finale(2, 0, Set.of(), Set.of("alice"));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aHoldThatEndsBeforeItsLeaseIsCaught() {
        leased("a", 10, 20, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "expire", "alice", "the lease ended", 0);
        call("s", read(true), 30, LEASE / 2, noOp(0, 2));
        caught("S7", "before its lease");
    }

    @Test
    void aHoldThatANodeSeesEndedBeforeItsLeaseIsCaught() {
        leased("a", 10, 20, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "expire", "alice", "the lease ended", 0);
        sighting(2, 0, LEASE / 2, 2 * LEASE);
        caught("S7", "before its lease");
    }

    @Test
    void aHoldThatEndsAlthoughItWasRenewedIsCaught() {
        leased("a", 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        leased("b", LEASE / 2, LEASE / 2 + 1, noOp(1, 1));
        row(2, "expire", "alice", "the lease ended", 0);
        call("s", read(false), LEASE, LEASE + 1, noOp(0, 2));
        caught("S7", "before its lease");
    }

    @Test
    void aRenewalOfUnknownFateMayHaveShortenedTheLease() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        leased("b", 2, 3, new Answer.Unknown());
        row(2, "expire", "alice", "the lease ended", 0);
        call("s", read(true), LEASE, LEASE + 2, noOp(0, 2));
        assertThat(violations()).isEmpty();
    }

    @Test
    void anEndThatNobodySawInTimeIsNotCalledEarly() {
        leased("a", 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "expire", "alice", "the lease ended", 0);
        call("s", read(true), 2, LEASE, noOp(0, 2));
        assertThat(violations()).isEmpty();
    }

    @Test
    void aHoldWithoutLeaseThatExpiresIsCaught() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        row(2, "expire", "alice", "the lease ended", 0);
        caught("S7", "without lease");
    }

    @Test
    void aHoldWhoseCallerStoppedRenewingAndThatStandsIsCaught() {
        leased("a", 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        finale(1, 1, Set.of("alice"), Set.of("alice"));
        caught("S7", "holds of the dead");
    }

    @Test
    void aHoldThatMayHaveBeenRenewedForEverMayStand() {
        leased("a", 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        call("b", new Operation.Acquire(KEY, "alice"), 2, 3, new Answer.Unknown());
        finale(1, 1, Set.of("alice"), Set.of());
        assertThat(violations()).isEmpty();
    }

    @Test
    void aHoldThatACallerIsSaidToHaveAndNobodyAcquiredIsCaught() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 1, new Answer.Unknown());
        row(1, "acquire", "alice", "somebody", 1);
        caught("S1", "nobody asked for");
    }

    @Test
    void aReleaseThatWasRetriedBlindlyMayEndWhatALateAcquireRevived() {
        call("a", new Operation.Acquire(KEY, "alice"), 0, 1, done(1, 1));
        row(1, "acquire", "alice", "a", 1);
        call("b", new Operation.Acquire(KEY, "alice"), 2, 3, new Answer.Unknown());
        calls.add(new Call("c", new Operation.Release(KEY, "alice"), 4, 20, true, done(0, 4)));
        row(2, "release", "alice", null, 0);
        row(3, "acquire", "alice", "b", 1);
        row(4, "release", "alice", null, 0);
        assertThat(violations()).isEmpty();
    }

    @Test
    void whatANodeSawOfABrokenPromiseIsReported() {
        brokenPromises.add(new BrokenPromise("N1", "node n: the key was enabled and its test said no"));
        caught("N1", "its test said no");
    }

    private void twoIncrements() {
        call("a", increment(1), 0, 10, done(1, 1));
        row(1, "increment", null, "a", 1);
        call("b", increment(1), 11, 20, done(2, 2));
        row(2, "increment", null, "b", 2);
    }

    private List<Violation> violations() {
        return Validation.check(new History(calls, rows, sightings, finales, brokenPromises, Set.of("n", "node")));
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

    private void leased(String id, long begin, long end, Answer answer) {
        call(id, new Operation.Acquire(KEY, "alice", Duration.ofNanos(LEASE)), begin, end, answer);
    }

    private void row(long revision, String action, @Nullable String holder, @Nullable String reason, int count) {
        rows.add(new Row(KEY, version(revision), action, holder, reason, count));
    }

    private void sighting(long revision, int count, long first, long last) {
        sightings.add(new Sighting("n", 1, KEY, version(revision), count, false, true, first, last));
    }

    private void finale(long revision, int count, Set<String> holders, Set<String> held) {
        Finale.Seen seen = new Finale.Seen(count, version(revision), true);
        finales.add(new Finale(KEY, Map.of("pod", seen), Map.of("n", seen), holders, held));
    }

    private static Operation increment(int by) {
        return new Operation.Increment(KEY, by);
    }

    private static Operation decrement(int by) {
        return new Operation.Decrement(KEY, by);
    }

    private static Operation read(boolean strong) {
        return new Operation.Read(KEY, strong);
    }

    private static Answer done(int count, long revision) {
        return new Answer.Done(count, true, version(revision), Propagation.NOT_ASKED);
    }

    private static Answer noOp(int count, long revision) {
        return new Answer.Done(count, false, version(revision), Propagation.NOT_ASKED);
    }

    private static Answer applied(int count, long revision, Set<String> expired) {
        return new Answer.Done(count, true, version(revision), new Propagation(true, expired));
    }

    private static Version version(long revision) {
        return revision == 0 ? Version.NONE : new Version(1, revision);
    }
}
