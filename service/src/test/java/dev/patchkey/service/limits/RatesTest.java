package dev.patchkey.service.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rates and places, each by name. */
class RatesTest {

    private final AtomicLong nanos = new AtomicLong();

    private final TimeMeter clock = new TimeMeter() {
        @Override
        public long currentTimeNanos() {
            return nanos.get();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    };

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void whoHasHadItsBurstWaitsAndOthersDoNot() {
        Rates rates = Rates.of(2, Duration.ofSeconds(10), 3, clock);
        for (int i = 0; i < 3; i++) {
            assertThat(rates.take("a")).isZero();
        }
        assertThat(rates.take("a")).isEqualTo(5);
        assertThat(rates.take("b")).isZero();
        pass(Duration.ofSeconds(4));
        assertThat(rates.take("a")).isEqualTo(1);
        pass(Duration.ofSeconds(1));
        assertThat(rates.take("a")).isZero();
        assertThat(rates.take("a")).isPositive();
    }

    @Test
    void noRateIsNoLimit() {
        Rates rates = Rates.of(0, Duration.ofSeconds(1), 1, clock);
        for (int i = 0; i < 1000; i++) {
            assertThat(rates.take("a")).isZero();
        }
    }

    @Test
    void whoMakesUpNamesTakesABoundedPartOfTheMemory() {
        Rates rates = Rates.of(1, Duration.ofHours(1), 1, clock);
        for (int i = 0; i < 3 * Rates.MOST; i++) {
            rates.take("name-" + i);
        }
        assertThat(rates.size()).isLessThanOrEqualTo(Rates.MOST);
    }

    @Test
    void placesAreGivenBackAndForgotten() {
        Places places = new Places(2);
        assertThat(places.tryTake("a")).isTrue();
        assertThat(places.tryTake("a")).isTrue();
        assertThat(places.isFree("a")).isFalse();
        assertThat(places.tryTake("a")).isFalse();
        assertThat(places.tryTake("b")).isTrue();
        places.giveBack("a");
        assertThat(places.isFree("a")).isTrue();
        assertThat(places.tryTake("a")).isTrue();
        places.giveBack("c");
        assertThat(places.isFree("c")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::1, true",
        "2001:db8:1:2::1, 2001:db8:1:3::1, false",
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "::ffff:192.0.2.1, 192.0.2.1, true",
        "[2001:db8:1:2:3:4:5:6], 2001:db8:1:2::1, true",
        "[2001:db8:1:2::1], [2001:db8:1:3::1], false",
        "unknown, _hidden, true",
        "unknown, 192.0.2.1, false"
    })
    void anAddressOfIpv6CountsAsItsNetwork(String one, String other, boolean same) {
        assertThat(Addresses.counted(one).equals(Addresses.counted(other))).isEqualTo(same);
    }

    @Test
    void whatIsNoAddressIsNotKeptHoweverLongItIs() {
        assertThat(Addresses.counted("x".repeat(100_000))).hasSizeLessThan(64);
    }

    @Test
    void aNameIsNoLoopbackAddressAndNeverLookedUp() {
        assertThat(Addresses.isLoopback("localhost")).isFalse();
        assertThat(Addresses.isLoopback("127.0.0.1")).isTrue();
        assertThat(Addresses.isLoopback("::1")).isTrue();
        assertThat(Addresses.isLoopback("[::1]")).isTrue();
        assertThat(Addresses.isLoopback("[]")).isFalse();
        assertThat(Addresses.isLoopback("[")).isFalse();
        assertThat(Addresses.isLoopback("192.0.2.1")).isFalse();
    }

    private static final Duration LONG = Duration.ofSeconds(30);

    @Test
    void aLimitOutsideItsRangeIsNamed() {
        assertThatThrownBy(() -> new LimitProperties(-1, 1, 1, LONG, LONG, 1, 1, 1, 1))
                .hasMessage("patchkey.limits.requests-per-second must be 0 to 1000000, and is -1");
        assertThatThrownBy(() -> new LimitProperties(1, 1, 1, Duration.ofMillis(1), LONG, 1, 1, 1, 1))
                .hasMessageStartingWith("patchkey.limits.request-time must be from PT1S to PT10M");
        assertThatThrownBy(() -> new LimitProperties(1, 1, 1, LONG, Duration.ofHours(1), 1, 1, 1, 1))
                .hasMessage("patchkey.limits.handshake-time must be from PT1S to PT10M, and is PT1H");
    }
}
