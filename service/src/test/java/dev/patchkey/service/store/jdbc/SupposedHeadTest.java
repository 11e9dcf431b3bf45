package dev.patchkey.service.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** With a clock that is set by hand. */
class SupposedHeadTest {
    private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");
    private static final Duration PAUSE = Duration.ofSeconds(3);

    /** As with {@link System#nanoTime}, its numbers may be negative, and wrap. */
    private long nanos = Long.MAX_VALUE - 5;

    private final SupposedHead supposed = new SupposedHead(() -> nanos, PAUSE);

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private static Head head(long batch) {
        return new Head(1, 10 * batch, batch, NOON);
    }

    @Test
    void nothingIsSupposedBeforeThisPodHasMovedIt() {
        assertThat(supposed.now()).isNull();
        supposed.locked(head(4));
        assertThat(supposed.now()).isNull();
    }

    @Test
    void nothingIsSupposedBeforeTheClockWasRead() {
        supposed.moved(head(5));
        assertThat(supposed.now()).isNull();
    }

    @Test
    void itIsAsThisPodHasLeftItAndItsTimeGoesOn() {
        supposed.locked(head(4));
        supposed.moved(head(5));
        pass(Duration.ofMillis(300));
        assertThat(supposed.now()).isEqualTo(head(5).at(NOON.plusMillis(300)));
        supposed.moved(head(6));
        pass(Duration.ofMillis(300));
        assertThat(supposed.now()).isEqualTo(head(6).at(NOON.plusMillis(600)));
    }

    @Test
    void itsTimeIsOfThePrecisionOfTheTables() {
        supposed.locked(head(4));
        supposed.moved(head(5));
        pass(Duration.ofNanos(1_999));
        assertThat(supposed.now()).isEqualTo(head(5).at(NOON.plusNanos(1_000)));
    }

    @Test
    void nothingIsSupposedOnceTheClockWasReadTooLongAgo() {
        supposed.locked(head(4));
        supposed.moved(head(5));
        pass(SupposedHead.CLOCK_KEPT.minusNanos(1));
        assertThat(supposed.now()).isNotNull();
        pass(Duration.ofNanos(1));
        assertThat(supposed.now()).isNull();
        supposed.locked(head(5));
        assertThat(supposed.now()).isEqualTo(head(5));
    }

    @Test
    void nothingIsSupposedOfWhatThisPodMayHaveMoved() {
        supposed.locked(head(4));
        supposed.moved(head(5));
        supposed.forget();
        assertThat(supposed.now()).isNull();
        supposed.moved(head(6));
        assertThat(supposed.now()).isEqualTo(head(6));
    }

    @Test
    void nothingIsSupposedForAWhileAfterItWasRefuted() {
        supposed.locked(head(4));
        supposed.moved(head(5));
        supposed.pause();
        pass(PAUSE.minusNanos(1));
        supposed.locked(head(6));
        supposed.moved(head(7));
        assertThat(supposed.now()).isNull();
        pass(Duration.ofNanos(1));
        assertThat(supposed.now()).isEqualTo(head(7).at(NOON)); // a nanosecond is less than the tables keep
    }
}
