package dev.patchkey.service.store;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.Version;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final StoreMetrics metrics = new StoreMetrics(registry);

    private Timer timer(String action, String outcome) {
        return registry.get("patchkey.operations")
                .tags("action", action, "outcome", outcome)
                .timer();
    }

    private long all() {
        return registry.get("patchkey.operations").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    private void decide(Command command, Outcome outcome) {
        assertThat(metrics.timed(command, each -> CompletableFuture.completedFuture(outcome))
                        .join())
                .isSameAs(outcome);
    }

    @Test
    void aCommandIsCountedByItsOutcomeBeforeAnybodyIsTold() {
        CompletableFuture<Outcome> decided = new CompletableFuture<>();
        CompletableFuture<Outcome> told = metrics.timed(on("k").increment(1), command -> decided);
        CompletableFuture<Long> counted =
                told.thenApply(outcome -> timer("increment", "done").count());
        assertThat(all()).isZero();
        Outcome done = new Outcome.Done(1, new Version(1, 1), true);
        decided.complete(done);
        assertThat(told.join()).isSameAs(done);
        assertThat(counted.join()).isEqualTo(1);

        decide(on("k").release("alice"), new Outcome.Done(1, new Version(1, 1), false));
        decide(on("k").delete(), new Outcome.Refused(Refusal.KEY_ENABLED, ""));
        assertThat(timer("release", "unchanged").count()).isEqualTo(1);
        assertThat(timer("delete", "refused").count()).isEqualTo(1);
        assertThat(all()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFailureIsCountedAsWhatItSaysAndPassedOnAsItIs(boolean wrapped) {
        for (RuntimeException failure : List.of(
                new StoreUnavailableException("away"),
                new OutcomeUnknownException("silent"),
                new IllegalStateException("a bug"))) {
            CompletableFuture<Outcome> failed =
                    CompletableFuture.failedFuture(wrapped ? new CompletionException(failure) : failure);
            CompletableFuture<Outcome> told = metrics.timed(on("k").acquire("alice", (Duration) null), c -> failed);
            assertThatThrownBy(told::get).isInstanceOf(ExecutionException.class).hasCause(failure);
        }
        assertThat(timer("acquire", "unavailable").count()).isEqualTo(1);
        assertThat(timer("acquire", "unknown").count()).isEqualTo(2);
        assertThat(all()).isEqualTo(3);
    }

    @Test
    void everyActionAndOutcomeIsThereFromTheStart() {
        assertThat(registry.get("patchkey.operations").timers()).hasSize(6 * 5);
        for (Command command : List.of(
                on("k").increment(1),
                on("k").decrement(1),
                on("k").acquire("alice", (Duration) null),
                on("k").release("alice"),
                on("k").expire("alice", null),
                on("k").delete())) {
            metrics.timed(command, c -> new CompletableFuture<>()).cancel(false);
        }
        assertThat(registry.get("patchkey.operations").timers()).hasSize(6 * 5);
    }

    @Test
    void commitsAreTimedFromTheirBeginning() {
        long begun = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(200);
        metrics.commit(StoreMetrics.Commit.UNKNOWN, begun);
        Timer unknown =
                registry.get("patchkey.store.commits").tag("outcome", "unknown").timer();
        assertThat(unknown.count()).isEqualTo(1);
        assertThat(unknown.totalTime(TimeUnit.MILLISECONDS)).isBetween(200.0, 10_000.0);
    }

    @Test
    void theGaugesShowHowTheStoreStands() {
        LocalView view = new LocalView(true);
        view.replace(new Version(3, 7), List.of());
        AtomicReference<@Nullable String> cutOff = new AtomicReference<>();
        AtomicLong now = new AtomicLong();
        Staleness staleness = new Staleness(cutOff::get, now::get, InstantSource.system());
        staleness.proven(staleness.begin());
        metrics.watch(() -> 5, staleness, view);
        now.addAndGet(TimeUnit.SECONDS.toNanos(2));
        assertThat(gauge("patchkey.store.commands.waiting")).isEqualTo(5);
        assertThat(gauge("patchkey.store.reconciliation.age")).isEqualTo(2);
        assertThat(gauge("patchkey.store.stale")).isZero();
        assertThat(gauge("patchkey.store.epoch")).isEqualTo(3);
        assertThat(gauge("patchkey.store.revision")).isEqualTo(7);
        cutOff.set("the test says so");
        assertThat(gauge("patchkey.store.stale")).isEqualTo(1);
    }

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }
}
