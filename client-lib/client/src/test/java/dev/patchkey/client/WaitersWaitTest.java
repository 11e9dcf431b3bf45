package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** N2, with the answer and the stream in each order. */
@Invariant(
        number = "N2",
        text =
                "Waiters wait for the rebind, not for the number: an acquire that meets a rebind in progress returns only"
                        + " after it has finished")
class WaitersWaitTest extends NodeTest {

    /** The case to remember: the answer carries a revision that the stream is just applying. */
    @Test
    void anAnswerThatTheStreamIsJustApplyingWaitsForTheRebind() {
        StaticKey key = newKey("race");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        key.beforeEnable(() -> {
            entered.countDown();
            pass(gate);
        });
        // The change is on the stream before the answer is sent, and the rebind has begun.
        fake.beforeAnswer = request -> pass(entered);
        Patchkey node = ready();

        CompletableFuture<Boolean> enabled = inThread(() -> {
            try (Hold hold = node.acquire(key)) {
                return key.isEnabled() && hold.isLive();
            }
        });
        pass(entered);
        pause(A_MOMENT);
        assertThat(enabled).as("an acquire during the rebind").isNotDone();
        assertThat(key.isEnabled()).isFalse();
        gate.countDown();
        assertThat(get(enabled)).isTrue();
    }

    @Test
    void anAnswerBeforeTheStreamIsAppliedByItself() {
        StaticKey key = newKey("answer");
        fake.tellHoldChanges = false;
        Patchkey node = ready();
        try (Hold hold = node.acquire(key)) {
            assertThat(key.isEnabled()).isTrue();
            assertThat(hold.isLive()).isTrue();
        }
        eventually(() -> !key.isEnabled());
    }

    @Test
    void anAnswerLongAfterTheStreamNeedsNothingMore() {
        StaticKey key = newKey("stream");
        fake.beforeAnswer = request -> eventually(() -> key.isEnabled() == request.acquire());
        Patchkey node = ready();
        try (Hold hold = node.acquire(key)) {
            assertThat(key.isEnabled()).isTrue();
            assertThat(hold.isLive()).isTrue();
        }
    }

    @Test
    void aSecondThreadThatAcquiresMeanwhileWaitsToo() {
        StaticKey key = newKey("second");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        key.beforeEnable(() -> {
            entered.countDown();
            pass(gate);
        });
        Patchkey node = ready();
        CompletableFuture<Boolean> first = inThread(() -> node.acquire(key).isLive() && key.isEnabled());
        pass(entered);
        CompletableFuture<Boolean> second = inThread(() -> node.acquire(key).isLive() && key.isEnabled());
        pause(A_MOMENT);
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
        gate.countDown();
        assertThat(get(first)).isTrue();
        assertThat(get(second)).isTrue();
        assertThat(fake.acquires(key.name())).hasSize(1);
    }

    @Test
    void aRebindThatFailsIsToldToWhoeverWaitsAndTheHoldIsGivenBack() {
        StaticKey key = newKey("failing");
        AtomicBoolean fails = new AtomicBoolean(true);
        key.beforeEnable(() -> {
            if (fails.get()) {
                throw new IllegalStateException("cannot prepare");
            }
        });
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key))
                .isInstanceOf(RebindFailedException.class)
                .hasMessageContaining("cannot prepare");
        eventually(() -> fake.count(key.name()) == 0);
        fails.set(false);
        try (Hold hold = node.acquire(key)) {
            assertThat(key.isEnabled()).isTrue();
            assertThat(hold.isLive()).isTrue();
        }
    }

    @Test
    void aRebindThatTakesTooLongIsToldAndTheHoldIsGivenBack() {
        StaticKey key = newKey("slow");
        CountDownLatch gate = new CountDownLatch(1);
        AtomicInteger entered = new AtomicInteger();
        key.beforeEnable(() -> {
            entered.incrementAndGet();
            pass(gate);
        });
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, Duration.ofSeconds(2)))
                .isInstanceOfAny(RebindFailedException.class, OutcomeUnknownException.class);
        eventually(() -> entered.get() > 0);
        gate.countDown();
        eventually(() -> fake.count(key.name()) == 0);
        eventually(() -> !key.isEnabled());
    }

    /** What is checked of the node above, on the parts that it rests on, so that a flawed one can be put in. */
    private static void check(Backlog backlog) {
        StaticKey key = newKey("parts");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        key.beforeEnable(() -> {
            entered.countDown();
            pass(gate);
        });
        try (RebinderRig rig = new RebinderRig(backlog)) {
            // The stream delivers revision 20 and the rebind begins; then the answer says revision 20.
            rig.deliver(key.name(), 1, 20);
            pass(entered);
            CompletableFuture<Boolean> enabled = backlog.bring(key.name(), 1, new Version(1, 20), 0)
                    .thenApply(count -> key.isEnabled())
                    .toCompletableFuture();
            gate.countDown();
            assertThat(get(enabled))
                    .as("the branch is taken once the wait is over")
                    .isTrue();
        } finally {
            gate.countDown();
        }
    }

    @Test
    void thePartsWaitForTheRebind() {
        check(new Backlog());
    }

    @Test
    void aBacklogThatLooksAtTheNumberAloneIsFoundOut() {
        assertThatThrownBy(() -> check(new LooksAtTheNumber()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("once the wait is over");
    }

    /** Answers as soon as the number is known, as the kernel did before commit 4c5ea0a9cd02. */
    private static final class LooksAtTheNumber extends Backlog {
        @Override
        CompletionStage<Integer> bring(String key, int count, Version version, long answerTerm) {
            var unused = super.bring(key, count, version, answerTerm);
            return CompletableFuture.completedFuture(count);
        }
    }

    @Test
    void whatAnAcquireWaitedForIsAppliedOnTheWireToo() {
        StaticKey key = newKey("wire");
        Patchkey node = ready();
        FakeSession session = fake.session();
        try (Hold hold = node.acquire(key)) {
            assertThat(hold.isLive()).isTrue();
            eventually(() -> session.applied() == session.number());
        }
    }
}
