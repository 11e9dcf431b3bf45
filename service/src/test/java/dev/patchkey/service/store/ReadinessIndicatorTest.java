package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.propagation.FakeStore;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

class ReadinessIndicatorTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private Instant now = START;
    private StoreHealth.Report report = new StoreHealth.Report(StoreHealth.State.AVAILABLE, START, null);
    private final FakeStore counts = new FakeStore();
    private final ReadinessIndicator indicator = new ReadinessIndicator(counts, () -> report, () -> now);

    private void store(StoreHealth.State state, @Nullable String reason) {
        report = new StoreHealth.Report(state, now, reason);
    }

    @Test
    void aPodWhoseMemoryIsCurrentIsReady() {
        assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void aPodWhoseMemoryIsNotIsNotReadyAndSaysWhySinceWhen() {
        counts.stale = new Stale(START, "cut off");
        Health health = indicator.health();
        assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        assertThat(health.getDetails()).containsEntry("reason", "cut off").containsEntry("since", START);
    }

    @Test
    void anOutageOfTheStoreCountsOnceItLasts() {
        store(StoreHealth.State.UNREACHABLE, "The database does not answer");
        now = now.plus(Staleness.CURRENT_FOR);
        assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
        now = now.plus(Duration.ofMillis(1));
        Health health = indicator.health();
        assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        assertThat(health.getDetails())
                .containsEntry("reason", "The database does not answer")
                .containsEntry("since", START);
    }

    @Test
    void aStoreThatTakesNoChangesLeavesThePodReadyForReadsAndSaysSo() {
        store(StoreHealth.State.READ_ONLY, "The database is read-only");
        now = now.plusSeconds(60);
        Health health = indicator.health();
        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails())
                .containsEntry("store", StoreHealth.State.READ_ONLY)
                .containsEntry("storeReason", "The database is read-only")
                .containsEntry("storeSince", START);
    }
}
