package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.RebindException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A hold that says it is live is one of a key that reads as enabled, at each moment of a disable. */
class HeldMeansEnabledTest extends NodeTest {

    /** Publishes a disable, and then is as slow as the gate, or fails. */
    private static final class LastRebindIs extends MirrorOfAYoungJvm {
        final CountDownLatch gate = new CountDownLatch(1);
        private final boolean failing;

        LastRebindIs(boolean failing) {
            this.failing = failing;
        }

        @Override
        public boolean apply(String key, int count, long epoch, long revision) {
            boolean newer = super.apply(key, count, epoch, revision);
            if (count == 0 && newer && key.startsWith("test.disabled")) {
                if (failing) {
                    throw new RebindException(key, new OutOfMemoryError("code cache"));
                }
                pass(gate);
            }
            return newer;
        }
    }

    private Patchkey ready(LastRebindIs mirror) {
        Patchkey node = start(UnaryOperator.identity(), mirror);
        assertThat(node.awaitReady(LONG)).isTrue();
        return node;
    }

    @Test
    void aHoldIsLostBeforeItsKeyReadsAsDisabledHoweverSlowTheRebind() {
        StaticKey key = newKey("disabled");
        LastRebindIs slow = new LastRebindIs(false);
        Patchkey node = ready(slow);
        Hold hold = node.acquire(key);
        fake.endHolds();
        fake.set(key.name(), 0);
        eventually(() -> !key.isEnabled());
        assertThat(hold.isLive()).as("while the last rebind is in progress").isFalse();
        slow.gate.countDown();
    }

    @Test
    void aHoldIsLostBeforeItsKeyReadsAsDisabledWhenTheRebindFails() {
        StaticKey key = newKey("disabled");
        Patchkey node = ready(new LastRebindIs(true));
        Hold hold = node.acquire(key);
        fake.endHolds();
        fake.set(key.name(), 0);
        eventually(() -> !key.isEnabled());
        assertThat(hold.isLive()).as("while the last rebind fails").isFalse();
    }

    @Test
    void noGrantBeginsWhileANewerDisableIsApplied() {
        LastRebindIs mirror = new LastRebindIs(false);
        mirror.gate.countDown();
        Patchkey node = ready(mirror);
        List<String> misses = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 100; round++) {
            StaticKey key = newKey("disabled");
            CompletableFuture<Hold> acquiring = inThread(() -> node.acquire(key));
            eventually(() -> fake.count(key.name()) == 1);
            fake.endHolds();
            fake.set(key.name(), 0);
            fake.set(key.name(), 1);
            Hold hold = get(acquiring);
            fake.endHolds();
            fake.set(key.name(), 0);
            while (key.isEnabled()) { // ends: the class's timeout
                Thread.onSpinWait();
            }
            if (hold.isLive()) {
                misses.add(key.name());
            }
            hold.close();
        }
        assertThat(misses).as("keys that read as disabled under a live hold").isEmpty();
    }
}
