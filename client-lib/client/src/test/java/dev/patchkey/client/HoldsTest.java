package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.HoldRequest;
import dev.patchkey.client.fake.Reply;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** How holds are counted in the node, so that the first acquire and the last close alone cross the network. */
class HoldsTest extends NodeTest {

    @Test
    void aMillionAcquiresCostOneRequestAndTheLastCloseOneMore() {
        StaticKey key = newKey("million");
        Patchkey node = ready();
        Hold outer = node.acquire(key);
        List<CompletableFuture<Integer>> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(inThread(() -> {
                int taken = 0;
                for (int i = 0; i < 250_000; i++) {
                    try (Hold hold = node.acquire(key)) {
                        taken += key.isEnabled() && hold.key() == key ? 1 : 0;
                    }
                }
                return taken;
            }));
        }
        int taken = 0;
        for (CompletableFuture<Integer> thread : threads) {
            taken += get(thread);
        }
        assertThat(taken).isEqualTo(1_000_000);
        assertThat(node.status().heldKeys()).isEqualTo(1);
        assertThat(fake.acquires(key.name())).hasSize(1);
        assertThat(fake.releases(key.name())).isEmpty();

        outer.close();
        outer.close();
        eventually(() -> fake.count(key.name()) == 0);
        eventually(() -> !key.isEnabled());
        pause(A_MOMENT);
        assertThat(fake.acquires(key.name())).hasSize(1);
        assertThat(fake.releases(key.name())).hasSize(1);
        assertThat(fake.releases(key.name()).get(0).operation())
                .isGreaterThan(fake.acquires(key.name()).get(0).operation());
    }

    @Test
    void theRequestNamesTheNodeItsSessionAndItsIncarnation() {
        StaticKey key = newKey("headers");
        Patchkey node = ready(options -> options.node("node@eu:1"));
        node.acquire(key);
        HoldRequest request = fake.acquires(key.name()).get(0);
        assertThat(request.node()).isEqualTo("node@eu:1");
        assertThat(request.session()).isEqualTo(fake.session().id);
        assertThat(request.incarnation()).isEqualTo(fake.session().hello.get("incarnation"));
        assertThat(request.operation()).isEqualTo(1);
        assertThat(request.body()).isEqualTo("{\"reason\":\"held by test\"}");
    }

    @Test
    void threadsThatAcquireTogetherShareOneRequest() {
        StaticKey key = newKey("together");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> pass(gate);
        Patchkey node = ready();
        List<CompletableFuture<Hold>> waiting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            waiting.add(inThread(() -> node.acquire(key)));
        }
        eventually(() -> !fake.acquires(key.name()).isEmpty());
        pause(A_MOMENT);
        gate.countDown();
        for (CompletableFuture<Hold> hold : waiting) {
            assertThat(get(hold).isLive()).isTrue();
        }
        assertThat(fake.acquires(key.name())).hasSize(1);
        waiting.subList(0, 7).forEach(hold -> get(hold).close());
        assertThat(fake.releases(key.name())).isEmpty();
        get(waiting.get(7)).close();
        eventually(() -> fake.releases(key.name()).size() == 1);
    }

    @Test
    void aTimeoutRemovesOneWaiterAndTheLastOneGoneReleases() {
        StaticKey key = newKey("timeout");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> pass(gate);
        Patchkey node = ready();
        CompletableFuture<Hold> patient = inThread(() -> node.acquire(key));
        eventually(() -> !fake.acquires(key.name()).isEmpty());

        assertThatThrownBy(() -> node.acquire(key, Duration.ofMillis(100)))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("was sent and not answered");
        gate.countDown();
        assertThat(get(patient).isLive()).as("the other waiter gets it").isTrue();
        assertThat(fake.releases(key.name())).isEmpty();
        get(patient).close();
        eventually(() -> fake.count(key.name()) == 0);
    }

    @Test
    void whatWasGrantedToNobodyIsReleased() {
        StaticKey key = newKey("nobody");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> pass(gate);
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, Duration.ofMillis(200))).isInstanceOf(OutcomeUnknownException.class);
        gate.countDown();
        eventually(() -> fake.releases(key.name()).size() == 1 && fake.count(key.name()) == 0);
        assertThat(node.status().heldKeys()).isZero();
    }

    @Test
    void anInterruptEndsTheWaitAndStaysSet() {
        StaticKey key = newKey("interrupt");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> pass(gate);
        Patchkey node = ready();
        AtomicReference<Thread> waiter = new AtomicReference<>();
        CompletableFuture<Boolean> waiting = inThread(() -> {
            waiter.set(Thread.currentThread());
            try {
                node.acquire(key);
                return false;
            } catch (OutcomeUnknownException e) {
                return Thread.interrupted() && e.toString().contains("interrupted");
            }
        });
        eventually(() -> !fake.acquires(key.name()).isEmpty());
        Thread interrupted = waiter.get();
        assertThat(interrupted).isNotNull();
        interrupted.interrupt();
        assertThat(get(waiting)).isTrue();
        gate.countDown();
        eventually(
                () -> fake.count(key.name()) == 0 && fake.releases(key.name()).size() == 1);
    }

    @Test
    void anUnknownOutcomeIsTriedAgainWithTheSameOperation() {
        StaticKey key = newKey("retry");
        AtomicInteger asked = new AtomicInteger();
        fake.onHold = request -> {
            int attempt = asked.incrementAndGet();
            if (attempt == 1) {
                // Decided, but the answer is lost.
                var unused = fake.decide(request);
                return Reply.DROP;
            }
            return attempt == 2 ? Reply.problem(503, "store-unavailable", "later") : null;
        };
        Patchkey node = ready();
        try (Hold hold = node.acquire(key)) {
            assertThat(hold.isLive()).isTrue();
            List<HoldRequest> sent = fake.acquires(key.name());
            assertThat(sent).hasSizeGreaterThanOrEqualTo(3);
            assertThat(sent).allMatch(request -> request.operation() == 1);
        }
    }

    @Test
    void anOutcomeThatStaysUnknownIsToldAsSuchAndReleased() {
        StaticKey key = newKey("unknown");
        fake.onHold = request -> request.acquire() ? Reply.problem(504, "outcome-unknown", "maybe") : null;
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, Duration.ofSeconds(3)))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("not within PT3S")
                .hasMessageContaining("504 outcome-unknown: maybe");
        assertThat(fake.acquires(key.name())).as("tried until the timeout").hasSizeGreaterThan(4);
        eventually(() -> !fake.releases(key.name()).isEmpty());
    }

    @Test
    void aServiceThatSurelyDidNothingIsUnavailable() {
        StaticKey key = newKey("unavailable");
        fake.onHold = request -> Reply.problem(503, "store-unavailable", "The store cannot be reached");
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, Duration.ofSeconds(3)))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("store-unavailable: The store cannot be reached");
        pause(A_MOMENT);
        assertThat(fake.releases(key.name())).as("nothing to release").isEmpty();
    }

    @Test
    void aRefusalIsToldWithItsProblem() {
        StaticKey key = newKey("refused");
        fake.onHold = request -> Reply.problem(409, "count-overflow", "the count would pass 2^31-1");
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.problem()).isEqualTo("count-overflow"))
                .hasMessageContaining("the count would pass 2^31-1");
        fake.onHold = null;
        try (Hold hold = node.acquire(key)) {
            assertThat(hold.isLive())
                    .as("a refusal is no verdict on the next try")
                    .isTrue();
        }
    }

    @Test
    void aReleaseIsTriedAgainForAsLongAsTheLeaseStands() {
        StaticKey key = newKey("release");
        AtomicInteger failures = new AtomicInteger();
        fake.onHold = request -> !request.acquire() && failures.incrementAndGet() < 8
                ? Reply.problem(503, "store-unavailable", "")
                : null;
        Patchkey node = ready();
        long start = System.nanoTime();
        node.acquire(key).close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
        eventually(() -> fake.count(key.name()) == 0);
        assertThat(fake.releases(key.name())).hasSize(8).allMatch(request -> request.operation() == 2);
    }

    @Test
    void anAcquireOutlivesAnOutageThatIsShorterThanItsTimeout() {
        StaticKey key = newKey("outage");
        long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        fake.onHold =
                request -> end - System.nanoTime() > 0 ? Reply.problem(503, "store-unavailable", "failing over") : null;
        Patchkey node = ready();
        assertThat(node.acquire(key, LONG).isLive()).isTrue();
    }

    @Test
    void aRefusedReleaseIsTriedAgainAsTheHoldWouldOutliveIt() {
        StaticKey key = newKey("release");
        AtomicInteger refusals = new AtomicInteger();
        fake.onHold = request -> !request.acquire() && refusals.incrementAndGet() < 4
                ? Reply.problem(409, "hold-of-another-kind", "no")
                : null;
        Patchkey node = ready();
        node.acquire(key).close();
        eventually(() -> fake.count(key.name()) == 0);
        assertThat(fake.releases(key.name())).allMatch(request -> request.operation() == 2);
    }

    @Test
    void aReleaseThatIsLateIsOver() {
        StaticKey key = newKey("release");
        fake.onHold = request -> request.acquire() ? null : Reply.problem(409, "operation-superseded", "late");
        Patchkey node = ready();
        node.acquire(key).close();
        eventually(() -> fake.releases(key.name()).size() == 1);
        pause(Duration.ofSeconds(1));
        assertThat(fake.releases(key.name())).hasSize(1);
    }

    @Test
    void anAcquireThatWasGrantedUnheardAndHasEndedIsAskedForWithANewNumber() {
        StaticKey key = newKey("superseded");
        fake.onHold = request -> {
            fake.onHold = null;
            var unused = fake.decide(request);
            fake.endHolds();
            return Reply.DROP;
        };
        Patchkey node = ready();
        try (Hold hold = node.acquire(key, LONG)) {
            assertThat(hold.isLive() && key.isEnabled()).isTrue();
            assertThat(fake.acquires(key.name()))
                    .extracting(HoldRequest::operation)
                    .endsWith(1L, 2L);
        }
        eventually(() -> fake.count(key.name()) == 0);
    }

    @Test
    void anAcquireThatIsLateForEverIsRefused() {
        StaticKey key = newKey("superseded");
        fake.onHold = request -> Reply.problem(409, "operation-superseded", "late");
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, LONG))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.problem()).isEqualTo("operation-superseded"));
        assertThat(fake.acquires(key.name())).hasSize(9);
    }

    @Test
    void grantsThatAreVoidAreAskedForMoreAndMoreSlowly() {
        StaticKey key = newKey("void");
        fake.onHold = request -> new Reply(
                200, "{\"key\":\"" + key.name() + "\",\"count\":0,\"enabled\":false,\"epoch\":1,\"revision\":5}");
        Patchkey node = ready();
        assertThatThrownBy(() -> node.acquire(key, Duration.ofSeconds(2)))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("granted, but");
        assertThat(fake.acquires(key.name())).hasSizeBetween(3, 40);
    }

    @Test
    void fewRequestsAreSentAtOnceAndTheOthersWaitInLine() {
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        fake.onHold = request -> {
            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            pause(Duration.ofMillis(20));
            atOnce.decrementAndGet();
            return null;
        };
        Patchkey node = ready();
        List<CompletableFuture<Hold>> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            StaticKey key = newKey("many");
            waiting.add(inThread(() -> node.acquire(key, LONG)));
        }
        waiting.forEach(hold -> assertThat(get(hold).isLive()).isTrue());
        assertThat(most.get()).isBetween(2, Turns.MOST_AT_ONCE);
    }

    @Test
    void anAcquireDuringAReleaseWaitsForItAndAcquiresAnew() {
        StaticKey key = newKey("again");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> {
            if (!request.acquire()) {
                pass(gate);
            }
        };
        Patchkey node = ready();
        node.acquire(key).close();
        eventually(() -> !fake.releases(key.name()).isEmpty());
        CompletableFuture<Hold> again = inThread(() -> node.acquire(key));
        pause(A_MOMENT);
        assertThat(again).isNotDone();
        gate.countDown();
        try (Hold hold = get(again)) {
            assertThat(hold.isLive() && key.isEnabled()).isTrue();
            assertThat(fake.acquires(key.name()))
                    .extracting(HoldRequest::operation)
                    .containsExactly(1L, 3L);
        }
    }

    @Test
    void lingeringKeepsTheNodesHoldForAWhile() {
        StaticKey key = newKey("linger");
        Patchkey node = ready(options -> options.linger(Duration.ofSeconds(2)));
        for (int i = 0; i < 20; i++) {
            node.acquire(key).close();
        }
        assertThat(fake.acquires(key.name())).hasSize(1);
        assertThat(fake.releases(key.name())).isEmpty();
        assertThat(key.isEnabled()).isTrue();
        eventually(() -> fake.releases(key.name()).size() == 1 && !key.isEnabled());
    }

    @Test
    void lingeringDelaysNoChangeFromElsewhere() {
        StaticKey key = newKey("linger");
        Patchkey node = ready(options -> options.linger(LONG));
        node.acquire(key).close();
        fake.endHolds();
        fake.set(key.name(), 0);
        eventually(() -> !key.isEnabled());
    }

    @Test
    void aKeyThatIsNotOfTheRegistryIsRefused() {
        StaticKey key = newKey("registry");
        Patchkey node = ready();
        try (Hold hold = node.acquire(key)) {
            assertThat(hold.key()).isSameAs(key);
            assertThatThrownBy(() -> node.acquire(StaticKey.detached(key.name())))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("detached");
        }
        assertThatThrownBy(() -> node.acquire(key, Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("timeout");
    }

    @Test
    void aPreparationMayNotAcquire() {
        StaticKey key = newKey("preparation");
        StaticKey other = newKey("preparation");
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Patchkey node = ready();
        key.beforeEnable(() -> {
            try {
                node.acquire(other).close();
            } catch (IllegalStateException e) {
                refused.set(e);
            }
        });
        fake.set(key.name(), 1);
        eventually(key::isEnabled);
        assertThat(refused.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("acquire");
    }
}
