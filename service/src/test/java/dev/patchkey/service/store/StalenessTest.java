package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StalenessTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private long nanos = 5;
    private @Nullable String cutOff;
    private final Staleness staleness = new Staleness(() -> cutOff, () -> nanos, () -> START.plusNanos(nanos - 5));

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private Stale stale() {
        return Objects.requireNonNull(staleness.now());
    }

    @Test
    void nothingIsCurrentBeforeTheFirstComparison() {
        assertThat(stale().reason()).contains("not yet");
    }

    @Test
    void aComparisonVouchesFromItsBeginningAndForABoundedTime() {
        long begun = staleness.begin();
        pass(Duration.ofSeconds(2));
        staleness.proven(begun);
        assertThat(staleness.now()).isNull();
        pass(Duration.ofSeconds(1));
        assertThat(staleness.now()).isNull();
        pass(Duration.ofNanos(1));
        assertThat(stale().since())
                .as("what was acknowledged while the comparison ran may not be in it")
                .isEqualTo(START);
    }

    @Test
    void aComparisonThatEndsLateTakesNothingBack() {
        long slow = staleness.begin();
        pass(Duration.ofSeconds(4));
        staleness.proven(staleness.begin());
        staleness.proven(slow);
        assertThat(staleness.now()).isNull();
    }

    @Test
    void aPauseOfTheJvmIsNoticedWithoutAnyEvent() {
        staleness.proven(staleness.begin());
        pass(Duration.ofSeconds(20));
        assertThat(stale().since()).isEqualTo(START);
    }

    @Test
    void whoKnowsThatItIsCutOffIsStaleAtOnce() {
        staleness.proven(staleness.begin());
        cutOff = "no quorum";
        assertThat(stale()).isEqualTo(new Stale(START, "no quorum"));
        cutOff = null;
        assertThat(staleness.now()).isNull();
    }
}
