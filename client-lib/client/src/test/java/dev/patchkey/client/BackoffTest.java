package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

    @Test
    void theBoundDoublesUpToTheCapAndStartsAnew() {
        Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15), () -> 1);
        for (long bound : new long[] {200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000}) {
            assertThat(backoff.next()).isEqualTo(Duration.ofMillis(bound));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(backoff.next()).isEqualTo(Duration.ofSeconds(15));
        }
        backoff.reset();
        assertThat(backoff.next()).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void theJitterIsFull() {
        assertThat(new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15), () -> 0).next())
                .isZero();
        assertThat(new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15), () -> 0.5).next())
                .isEqualTo(Duration.ofMillis(100));
    }
}
