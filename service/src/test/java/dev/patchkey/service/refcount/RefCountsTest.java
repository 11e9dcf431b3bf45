package dev.patchkey.service.refcount;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.patchkey.service.Invariant;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RefCountsTest {
    private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");
    private static final Commands KEY = on("a");

    private KeyState state = KeyState.absent(new KeyName("a"));
    private Instant now = NOON;
    private long revision = 100;

    private Outcome apply(Command command) {
        RefCounts.Decision decision = RefCounts.apply(state, command, new RefCounts.Moment(now, 7, revision + 1));
        if (decision.outcome() instanceof Outcome.Done done && done.changed()) {
            revision++;
        } else if (decision.outcome() instanceof Outcome.Refused) {
            assertThat(decision.state()).as("a refused command changes nothing").isSameAs(state);
        }
        state = decision.state();
        return decision.outcome();
    }

    private static Outcome done(int count, long revision, boolean changed) {
        return new Outcome.Done(count, new Version(7, revision), changed);
    }

    private static NodeStamp stamp(long incarnation, long operation, String session) {
        return new NodeStamp(incarnation, operation, session);
    }

    private void assertRefused(Command command, Refusal refusal, String... words) {
        assertThat(apply(command)).isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
            assertThat(refused.refusal()).isEqualTo(refusal);
            for (String word : words) {
                assertThat(refused.detail()).contains(word);
            }
        });
    }

    @Test
    void countsBareReferencesAndTakesARevisionForEachChange() {
        assertThat(apply(KEY.increment(2))).isEqualTo(done(2, 101, true));
        assertThat(apply(KEY.increment(1))).isEqualTo(done(3, 102, true));
        assertThat(apply(KEY.decrement(3))).isEqualTo(done(0, 103, true));
        assertThat(state.last()).isEqualTo(new LastChange("tester", NOON, "for a test"));
        assertThat(state.enabled()).isFalse();
    }

    @Test
    @Invariant(number = "S6", text = "A count is never negative; a decrement at 0 is refused and changes nothing")
    void refusesADecrementBelowTheBareReferences() {
        assertRefused(KEY.decrement(1), Refusal.COUNT_BELOW_ZERO, "by", "there are 0", "by is 1");
        apply(KEY.increment(2));
        assertRefused(KEY.decrement(3), Refusal.COUNT_BELOW_ZERO, "there are 2", "by is 3");
        assertThat(state.count()).isEqualTo(2);
    }

    @Test
    void saysOfADecrementThatHoldsRemain() {
        apply(KEY.acquire("alice", (Duration) null));
        apply(KEY.acquire("bob", (Duration) null));
        assertRefused(KEY.decrement(1), Refusal.COUNT_BELOW_ZERO, "count is 2", "2 of it are holds");
    }

    @Test
    @Invariant(number = "S6", text = "A count never wraps")
    void refusesACountAboveTheMaximum() {
        apply(KEY.increment(Integer.MAX_VALUE));
        assertRefused(KEY.increment(1), Refusal.COUNT_OVERFLOW, "2147483647", "by is 1");
        assertRefused(KEY.increment(Integer.MAX_VALUE), Refusal.COUNT_OVERFLOW, "2147483647");
        assertRefused(KEY.acquire("alice", (Duration) null), Refusal.COUNT_OVERFLOW, "2147483647");
        assertRefused(KEY.acquire("node", stamp(1, 1, "s")), Refusal.COUNT_OVERFLOW, "2147483647");
        apply(KEY.decrement(1));
        assertThat(apply(KEY.acquire("alice", (Duration) null))).isEqualTo(done(Integer.MAX_VALUE, 103, true));
    }

    @Test
    void renewsAStandingHoldWithoutARevision() {
        assertThat(apply(KEY.acquire("alice", Duration.ofMinutes(1)))).isEqualTo(done(1, 101, true));
        now = NOON.plusSeconds(30);
        assertThat(apply(KEY.acquire("alice", Duration.ofMinutes(2)))).isEqualTo(done(1, 101, false));
        Hold hold = Objects.requireNonNull(state.holds().get(new Holder("alice")));
        assertThat(hold.deadline()).isEqualTo(now.plusSeconds(120));
        assertThat(hold.since()).isEqualTo(NOON);
        assertThat(state.last()).isEqualTo(new LastChange("tester", NOON, "for a test"));
    }

    @Test
    void writesNothingForARenewalThatChangesNothing() {
        apply(KEY.acquire("alice", (Duration) null));
        KeyState before = state;
        assertThat(apply(KEY.acquire("alice", (Duration) null))).isEqualTo(done(1, 101, false));
        assertThat(state).isSameAs(before);
        assertThat(apply(KEY.release("bob"))).isEqualTo(done(1, 101, false));
        assertThat(state).isSameAs(before);
    }

    @Test
    void releasesOnceAndThenNoMore() {
        apply(KEY.acquire("alice", (Duration) null));
        assertThat(apply(KEY.release("alice"))).isEqualTo(done(0, 102, true));
        assertThat(apply(KEY.release("alice"))).isEqualTo(done(0, 102, false));
    }

    @Test
    void ordersANodesCommandsByIncarnationAndThenOperation() {
        apply(KEY.acquire("node", stamp(2, 5, "s")));
        assertRefused(KEY.acquire("node", stamp(2, 4, "s")), Refusal.OPERATION_SUPERSEDED, "operation", "4", "5");
        assertRefused(KEY.release("node", stamp(1, 9, "s")), Refusal.OPERATION_SUPERSEDED, "incarnation");
        assertThat(apply(KEY.acquire("node", stamp(2, 5, "s")))).isEqualTo(done(1, 101, false));
        assertThat(apply(KEY.acquire("node", stamp(3, 1, "t")))).isEqualTo(done(1, 101, false));
        assertThat(apply(KEY.release("node", stamp(3, 2, "t")))).isEqualTo(done(0, 102, true));
        assertThat(apply(KEY.release("node", stamp(3, 2, "t")))).isEqualTo(done(0, 102, false));
    }

    @Test
    void refusesALateAcquireOfWhatAReleaseHasEnded() {
        apply(KEY.acquire("node", stamp(1, 1, "s")));
        apply(KEY.release("node", stamp(1, 2, "s")));
        assertRefused(KEY.acquire("node", stamp(1, 1, "s")), Refusal.OPERATION_SUPERSEDED);
        assertRefused(KEY.acquire("node", stamp(1, 2, "s")), Refusal.OPERATION_SUPERSEDED);
        assertThat(apply(KEY.acquire("node", stamp(1, 3, "s")))).isEqualTo(done(1, 103, true));
        assertThat(state.ended()).isEmpty();
    }

    @Test
    void refusesAnAcquireThatItsReleaseHasOvertaken() {
        assertThat(apply(KEY.release("node", stamp(1, 2, "s")))).isEqualTo(done(0, 0, false));
        assertThat(state.exists()).isFalse();
        assertRefused(KEY.acquire("node", stamp(1, 1, "s")), Refusal.OPERATION_SUPERSEDED);
    }

    @Test
    void forgetsTombstonesAfterTheirTime() {
        apply(KEY.acquire("node", stamp(1, 1, "s")));
        apply(KEY.release("node", stamp(1, 2, "s")));
        now = NOON.plus(RefCounts.ENDED_KEPT).minusNanos(1);
        apply(KEY.increment(1));
        assertThat(state.ended()).containsKey(new Holder("node"));
        now = NOON.plus(RefCounts.ENDED_KEPT);
        apply(KEY.increment(1));
        assertThat(state.ended()).isEmpty();
    }

    @Test
    @Invariant(number = "S7", text = "Expiry is conditional on the session it saw, and never ends a live node's hold")
    void expiresANodesHoldOnItsSessionAlone() {
        apply(KEY.acquire("node", stamp(1, 1, "s")));
        apply(KEY.acquire("node", stamp(1, 1, "t")));
        assertThat(apply(KEY.expire("node", "s"))).isEqualTo(done(1, 101, false));
        assertThat(apply(KEY.expire("node", null))).isEqualTo(done(1, 101, false));
        assertThat(apply(KEY.expire("node", "t"))).isEqualTo(done(0, 102, true));
        assertRefused(KEY.acquire("node", stamp(1, 1, "t")), Refusal.OPERATION_SUPERSEDED);
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds, and never those that are renewed")
    void expiresAnOperatorsHoldPastItsDeadlineAlone() {
        apply(KEY.acquire("alice", Duration.ofMinutes(1)));
        apply(KEY.acquire("bob", (Duration) null));
        now = NOON.plusSeconds(59);
        assertThat(apply(KEY.expire("alice", null))).isEqualTo(done(2, 102, false));
        apply(KEY.acquire("alice", Duration.ofMinutes(1)));
        now = NOON.plusSeconds(60);
        assertThat(apply(KEY.expire("alice", null))).isEqualTo(done(2, 102, false));
        now = NOON.plusSeconds(119);
        assertThat(apply(KEY.expire("bob", null))).isEqualTo(done(2, 102, false));
        assertThat(apply(KEY.expire("alice", "s"))).isEqualTo(done(2, 102, false));
        assertThat(apply(KEY.expire("alice", null))).isEqualTo(done(1, 103, true));
    }

    @Test
    void keepsTheHoldsOfNodesAndOperatorsApart() {
        apply(KEY.acquire("node", stamp(1, 1, "s")));
        apply(KEY.acquire("alice", (Duration) null));
        assertRefused(KEY.acquire("node", (Duration) null), Refusal.HOLD_OF_ANOTHER_KIND, "holder", "node");
        assertRefused(KEY.release("node"), Refusal.HOLD_OF_ANOTHER_KIND);
        assertRefused(KEY.acquire("alice", stamp(1, 2, "s")), Refusal.HOLD_OF_ANOTHER_KIND, "alice");
        assertRefused(KEY.release("alice", stamp(1, 2, "s")), Refusal.HOLD_OF_ANOTHER_KIND);
    }

    @Test
    @Invariant(number = "S4", text = "Revisions of a key are never reused, and continue over deletion")
    void deletesAtCountZeroAloneAndContinuesTheRevision() {
        assertRefused(KEY.delete(), Refusal.KEY_UNKNOWN, "a");
        apply(KEY.increment(1));
        assertRefused(KEY.delete(), Refusal.KEY_ENABLED, "count of a is 1");
        apply(KEY.decrement(1));
        assertThat(apply(KEY.delete())).isEqualTo(done(0, 103, true));
        assertThat(state.exists()).isFalse();
        assertThat(state.revision()).isEqualTo(103);
        assertRefused(KEY.delete(), Refusal.KEY_UNKNOWN);
        assertThat(apply(KEY.increment(1))).isEqualTo(done(1, 104, true));
        assertThat(state.exists()).isTrue();
    }

    @Test
    void keepsADeletedKeyDeletedUntilItIsChanged() {
        apply(KEY.increment(1));
        apply(KEY.decrement(1));
        apply(KEY.delete());
        apply(KEY.release("node", stamp(1, 2, "s")));
        assertThat(state.deleted()).isTrue();
        assertThat(state.ended()).hasSize(1);
    }

    @Test
    void boundsTheHoldsOfAKey() {
        Map<Holder, Hold> holds = new HashMap<>();
        for (int i = 0; i < RefCounts.MOST_HOLDS; i++) {
            Holder holder = new Holder("h" + i);
            holds.put(holder, new Hold(holder, null, NOON, null, null, stamp(1, 1, "s")));
        }
        state = new KeyState(state.key(), 0, holds, Map.of(), 1, null, false);
        assertRefused(KEY.acquire("one-more", (Duration) null), Refusal.TOO_MANY_HOLDS, "100000");
        assertRefused(KEY.release("one-more", stamp(1, 1, "s")), Refusal.TOO_MANY_HOLDS);
        apply(KEY.release("h0", stamp(1, 2, "s")));
        assertThat(state.holds()).hasSize(RefCounts.MOST_HOLDS - 1);
        assertRefused(KEY.acquire("one-more", (Duration) null), Refusal.TOO_MANY_HOLDS);
        now = NOON.plus(RefCounts.ENDED_KEPT);
        assertThat(apply(KEY.acquire("one-more", (Duration) null))).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void decidesForItsOwnKeyAlone() {
        assertThatIllegalArgumentException().isThrownBy(() -> apply(on("b").increment(1)));
    }
}
