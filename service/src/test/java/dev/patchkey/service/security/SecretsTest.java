package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.web.HttpApi;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;

/** No secret comes out by a log, an error, a metric or the management's endpoints, and no caller can flood these. */
@SecuredService
@ExtendWith(OutputCaptureExtension.class)
class SecretsTest {

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    @Test
    void noSecretIsShownAnywhere(CapturedOutput output) {
        String known = TestTokens.token("root");
        String unknown = TestTokens.token("nobody");
        String jwt = TestIssuer.jwt(TestIssuer.claims("alice", "patchkey-admin"));
        HttpApi nobody = new HttpApi(port);
        StringBuilder answers = new StringBuilder();
        for (String token : List.of(known, unknown, jwt, jwt + "x", "Bearer " + unknown)) {
            for (String path : List.of("/v1/keys", "/v1/nothing", "/v1/keys/-", "/v1/channel", "/v1/tokens")) {
                answers.append(nobody.get(path, "Authorization", "Bearer " + token));
            }
        }
        HttpApi root = new HttpApi(port, TestTokens.bearer("root"));
        for (String endpoint : List.of("env", "configprops", "metrics", "beans", "mappings", "loggers")) {
            HttpApi.Answer answer = root.get("/actuator/" + endpoint);
            assertThat(answer.status()).as(endpoint).isEqualTo(200);
            answers.append(answer.body());
        }
        assertThat(root.get("/actuator/env").body().toString()).contains("patchkey.security.tokens[0].hashes");
        String meterNames = meters.getMeters().toString();
        for (String shown : List.of(answers.toString(), meterNames, output.getAll())) {
            assertThat(shown)
                    .doesNotContain(known)
                    .doesNotContain(unknown)
                    .doesNotContain(jwt)
                    .doesNotContain(TestTokens.hash(known))
                    .doesNotContain(SecuredService.PASSWORD);
        }
    }

    @Test
    void noDumpOfTheMemoryIsGivenOut() {
        HttpApi root = new HttpApi(port, TestTokens.bearer("root"));
        assertThat(root.get("/actuator/heapdump").status()).isEqualTo(404);
    }

    @Test
    void theNumberOfMetersDoesNotDependOnWhatCallersSend() {
        HttpApi root = new HttpApi(port, TestTokens.bearer("root"));
        HttpApi nobody = new HttpApi(port);
        flood(root, nobody, 0);
        long before = meters.getMeters().size();
        for (int i = 1; i <= 20; i++) {
            flood(root, nobody, i);
        }
        assertThat(meters.getMeters()).hasSize((int) before);
    }

    private static void flood(HttpApi root, HttpApi nobody, int i) {
        for (HttpApi api : List.of(root, nobody)) {
            api.get("/v1/keys/flood." + i);
            api.get("/v1/keys?prefix=flood." + i);
            api.get("/v1/flood/" + i);
            api.get("/flood-" + i + "/x");
            api.get("/v1/nodes/flood-" + i);
            api.post("/v1/keys/flood." + i + "/increment", "{\"reason\": \"flood " + i + "\"}");
            api.put("/v1/keys/flood." + i + "/holds/root:" + i, null);
            api.send("FLOOD" + i, "/v1/keys", null);
            api.get("/v1/keys", "Idempotency-Key", "flood-" + i, "User-Agent", "flood-" + i);
            api.get("/v1/keys/flood" + i + "%00");
        }
    }

    @Test
    void noCallerWritesALineOfTheLog(CapturedOutput output) {
        String forged = "2026-01-01T00:00:00.000Z  INFO 1 --- forged";
        String sent = "x%0d%0a" + forged.replace(" ", "%20");
        HttpApi root = new HttpApi(port, TestTokens.bearer("root"));
        root.get("/v1/" + sent);
        root.get("/v1/keys/" + sent);
        root.get("/v1/keys?prefix=" + sent);
        root.get("/v1/keys?" + sent + "=1");
        root.get("/v1/nodes/" + sent);
        root.get("/v1/watch?prefix=" + sent);
        root.post("/v1/keys/log.x/increment", "{\"reason\": \"a\\r\\n" + forged + "\"}");
        root.post("/v1/keys/log.x/increment", "{\"a\\r\\n" + forged + "\": 1}");
        root.post("/v1/keys/log.x/increment", "{\"by\": \"a\\r\\n" + forged + "\"}");
        root.put("/v1/keys/log.x/holds/" + sent, null);
        new HttpApi(port, "Authorization", "Bearer " + forged.replace(" ", "")).get("/v1/keys");
        new HttpApi(
                        port,
                        "Authorization",
                        "Bearer " + TestIssuer.jwt(TestIssuer.claims("a\r\n" + forged, "patchkey-admin")))
                .get("/v1/keys");
        assertThat(output.getAll().lines()).noneMatch(line -> line.startsWith(forged.substring(0, 10)));
    }
}
