package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Remembered;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DecideBatchTest {
    private static final int MOST_BATCHES = 4;

    /** Well above the time for which anything is remembered. */
    private static final Duration STEP = Duration.ofDays(1);

    private final Map.Entry<String, KeyEntry> entry = new AbstractMap.SimpleEntry<>("k", null);
    private final List<Command> increment = List.of(on("k").increment(1));

    private final Clocks clocks = new Clocks(Instant.parse("2030-01-01T00:00:00Z"));
    private final PartitionOwner owner = new PartitionOwner(clocks.steady(), MOST_BATCHES);

    /** Takes over from the owner, with a clock that is ahead. */
    private final PartitionOwner ahead =
            new PartitionOwner(new Clocks(clocks.wall().instant().plus(STEP)).steady(), MOST_BATCHES);

    /** The broken variant: goes by the clock that can be set. */
    private final PartitionOwner byTheWallClock = new PartitionOwner(clocks.wall(), MOST_BATCHES);

    private final Command request = requested(on("k").increment(1), "request", "hash");

    private int count() {
        return entry.getValue().state().count();
    }

    private DecideBatch batch(String pod, long number) {
        return batch(pod, number, increment.getFirst());
    }

    private DecideBatch batch(String pod, long number, Command command) {
        return new DecideBatch(pod, number, 1, List.of(command)).decidedBy(owner);
    }

    private DecideBatch.Reply decide(PartitionOwner decider, String pod, long number, Command command) {
        return batch(pod, number, command).decidedBy(decider).process(entry);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled: a batch that is sent again is done once")
    void aBatchSentAgainIsDoneOnce() {
        DecideBatch.Reply first = batch("pod", 7).process(entry);
        assertThat(first.edges()).as("the key became enabled").containsExactly(0);
        DecideBatch.Reply again = batch("pod", 7).process(entry);
        assertThat(again.outcomes()).isEqualTo(first.outcomes());
        assertThat(again.edges()).as("and not once more").isEmpty();
        assertThat(count()).isEqualTo(1);
        batch("other", 7).process(entry);
        assertThat(count()).isEqualTo(2);
    }

    /** The broken variant: a pod that numbers each attempt, and not each batch. */
    @Test
    void aBatchWithoutItsNumberIsDoneTwice() {
        batch("pod", 7).process(entry);
        batch("pod", 8).process(entry);
        assertThat(count()).isEqualTo(2);
    }

    @Test
    void aBatchThatArrivesAfterALaterOneIsLate() {
        batch("pod", 8).process(entry);
        assertThat(batch("pod", 7).process(entry).late()).isTrue();
        assertThat(count()).isEqualTo(1);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost: a batch that was done before is still backed up")
    void aBatchDoneBeforeStillMakesItsBackup() {
        batch("pod", 7).process(entry);
        DecideBatch again = batch("pod", 7);
        again.process(entry);
        Map.Entry<String, KeyEntry> backup = new AbstractMap.SimpleEntry<>("k", null);
        Objects.requireNonNull(again.getBackupProcessor()).process(backup);
        assertThat(backup.getValue()).isEqualTo(entry.getValue());
    }

    @Test
    @Invariant(number = "S3", text = "No silent gap: what is acknowledged belongs to the epoch that stands")
    void aBatchSentAgainMovesToTheNewEpochAndIsDoneOnce() {
        batch("pod", 7).process(entry);
        DecideBatch again = new DecideBatch("pod", 7, 2, increment).decidedBy(owner);
        assertThat(again.process(entry).outcomes()).containsExactly(new Outcome.Done(1, new Version(2, 1), true));
        assertThat(entry.getValue().epoch()).isEqualTo(2);
        assertThat(count()).isEqualTo(1);
        Map.Entry<String, KeyEntry> backup = new AbstractMap.SimpleEntry<>("k", null);
        Objects.requireNonNull(again.getBackupProcessor()).process(backup);
        assertThat(backup.getValue()).isEqualTo(entry.getValue());
    }

    @Test
    void aRefusalOfAnUnknownKeyLeavesNothingBehind() {
        DecideBatch decrement = batch("pod", 1, on("k").decrement(1));
        decrement.process(entry);
        assertThat(entry.getValue()).isNull();
        assertThat(decrement.getBackupProcessor()).isNull();
    }

    private void requestIsRetriedAfterAStepOfTheWallClock(PartitionOwner decider) {
        decide(decider, "pod", 1, request);
        clocks.stepWall(STEP);
        decide(decider, "other", 1, increment.getFirst());
        decide(decider, "pod", 2, request);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled: a step of the wall clock forgets no request")
    void aRequestIsDoneOnceThoughTheWallClockSteps() {
        requestIsRetriedAfterAStepOfTheWallClock(owner);
        assertThat(count()).isEqualTo(2);
    }

    @Test
    void aRequestIsDoneTwiceByTheWallClock() {
        requestIsRetriedAfterAStepOfTheWallClock(byTheWallClock);
        assertThat(count()).isEqualTo(3);
    }

    @Test
    void aRequestIsForgottenWhenItsTimeIsOver() {
        batch("pod", 1, request).process(entry);
        clocks.pass(Remembered.KEPT);
        batch("pod", 2, request).process(entry);
        assertThat(count()).isEqualTo(1);
        clocks.pass(Duration.ofNanos(1));
        batch("pod", 3, request).process(entry);
        assertThat(count()).isEqualTo(2);
    }

    private Outcome expiredAfterAStepOfTheWallClock(PartitionOwner decider) {
        decide(decider, "pod", 1, on("k").acquire("holder", Duration.ofMinutes(30)));
        clocks.stepWall(STEP);
        return decide(decider, "pod", 2, on("k").expire("holder", null))
                .outcomes()
                .getFirst();
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds, and a step of the wall clock ends none")
    void aLeaseEndsByTimeAndNotByAStepOfTheWallClock() {
        assertThat(expiredAfterAStepOfTheWallClock(owner)).isEqualTo(new Outcome.Done(1, new Version(1, 1), false));
        clocks.pass(Duration.ofMinutes(30));
        assertThat(batch("pod", 3, on("k").expire("holder", null))
                        .process(entry)
                        .outcomes())
                .containsExactly(new Outcome.Done(0, new Version(1, 2), true));
    }

    @Test
    void aLeaseEndsAtOnceByTheWallClock() {
        assertThat(expiredAfterAStepOfTheWallClock(byTheWallClock))
                .isEqualTo(new Outcome.Done(0, new Version(1, 2), true));
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is doubled: an owner that is ahead knows what was done before")
    void aBatchSentAgainIsDoneOnceByAnOwnerThatIsAhead() {
        DecideBatch.Reply first = batch("pod", 7).process(entry);
        decide(ahead, "other", 1, increment.getFirst());
        assertThat(decide(ahead, "pod", 7, increment.getFirst()).outcomes()).isEqualTo(first.outcomes());
        assertThat(count()).isEqualTo(2);
    }

    @Test
    void theLastBatchesAreRememberedHoweverTheirOwnersClocksDiffer() {
        decide(ahead, "first", 1, increment.getFirst());
        for (int i = 0; i < MOST_BATCHES; i++) {
            batch("pod " + i, 1).process(entry);
        }
        assertThat(entry.getValue().batches()).containsOnlyKeys("pod 0", "pod 1", "pod 2", "pod 3");
        // One that writes again is not the oldest any more.
        batch("pod 0", 2).process(entry);
        batch("pod 4", 1).process(entry);
        assertThat(entry.getValue().batches()).containsOnlyKeys("pod 0", "pod 2", "pod 3", "pod 4");
    }
}
