package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.security.Refusals.Reason;
import dev.patchkey.service.web.HttpApi;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.mock.web.MockHttpServletRequest;

/** What is refused is counted by its reason, and the log says so, and neither can be flooded. */
@SecuredService
@ExtendWith(OutputCaptureExtension.class)
class RefusalsTest {

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    private static double counted(MeterRegistry registry, String reason) {
        return registry.get("patchkey.security.refusals")
                .tag("reason", reason)
                .counter()
                .count();
    }

    @ParameterizedTest
    @CsvSource({
        "'',/v1/keys,no-credentials,401",
        "nobody,/v1/keys,bad-credentials,401",
        // By the role, which a filter looks at, and by the key, which a controller does.
        "watcher,/v1/tokens,forbidden,403",
        "team-a,/v1/keys/team-b.x,forbidden,403",
    })
    void eachRefusalIsCountedByItsReason(String caller, String path, String reason, int status) {
        HttpApi api = caller.isEmpty() ? new HttpApi(port) : new HttpApi(port, TestTokens.bearer(caller));
        double before = counted(meters, reason);
        assertThat(api.get(path).status()).isEqualTo(status);
        assertThat(counted(meters, reason)).isEqualTo(before + 1);
    }

    @Test
    void aRequestOfAnotherSitesPageIsCounted() {
        double before = counted(meters, "cross-site");
        new HttpApi(port).get("/v1/keys", "Origin", "https://attacker.example");
        assertThat(counted(meters, "cross-site")).isEqualTo(before + 1);
    }

    @Test
    void theAgeOfTheTokensFileIsShown() {
        // It is looked at ten times a second.
        assertThat(meters.get("patchkey.security.tokens.file.age").timeGauge().value(TimeUnit.SECONDS))
                .isBetween(0.0, 60.0);
    }

    @Test
    void theLogHasOneLineOfAReasonInAMinuteWithTheirNumber(CapturedOutput output) {
        AtomicLong now = new AtomicLong();
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Refusals refusals = new Refusals(registry, now::get);
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr("192.0.2.1");
        for (int i = 0; i < 1000; i++) {
            refusals.count(Reason.RATE_EXCEEDED, request);
        }
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        request.setRemoteAddr("x\r\nforged \u001b[31m" + "y".repeat(1000));
        refusals.count(Reason.RATE_EXCEEDED, request);
        List<String> lines = output.getAll()
                .lines()
                .filter(line -> line.contains("Requests refused as rate-exceeded"))
                .toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst()).endsWith("since this was last said: 1, the latest from 192.0.2.1");
        assertThat(lines.getLast())
                .contains("since this was last said: 1000, the latest from x??forged???31my")
                .hasSizeLessThan(400);
        assertThat(counted(registry, "rate-exceeded")).isEqualTo(1001);
    }
}
