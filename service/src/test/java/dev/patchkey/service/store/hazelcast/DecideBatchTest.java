package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DecideBatchTest {
    private final Map.Entry<String, KeyEntry> entry = new AbstractMap.SimpleEntry<>("k", null);
    private final List<Command> increment = List.of(on("k").increment(1));

    private int count() {
        return entry.getValue().state().count();
    }

    private DecideBatch batch(String pod, long number) {
        return new DecideBatch(pod, number, 1, increment);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled: a batch that is sent again is done once")
    void aBatchSentAgainIsDoneOnce() {
        DecideBatch.Reply first = batch("pod", 7).process(entry);
        assertThat(batch("pod", 7).process(entry)).isEqualTo(first);
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
        DecideBatch again = new DecideBatch("pod", 7, 2, increment);
        assertThat(again.process(entry).outcomes()).containsExactly(new Outcome.Done(1, new Version(2, 1), true));
        assertThat(entry.getValue().epoch()).isEqualTo(2);
        assertThat(count()).isEqualTo(1);
        Map.Entry<String, KeyEntry> backup = new AbstractMap.SimpleEntry<>("k", null);
        Objects.requireNonNull(again.getBackupProcessor()).process(backup);
        assertThat(backup.getValue()).isEqualTo(entry.getValue());
    }

    @Test
    void aRefusalOfAnUnknownKeyLeavesNothingBehind() {
        DecideBatch decrement = new DecideBatch("pod", 1, 1, List.of(on("k").decrement(1)));
        decrement.process(entry);
        assertThat(entry.getValue()).isNull();
        assertThat(decrement.getBackupProcessor()).isNull();
    }
}
