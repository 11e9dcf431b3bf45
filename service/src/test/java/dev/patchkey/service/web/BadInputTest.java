package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.web.HttpApi.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Each bad input is a 4xx problem that names the field and the rule, and nothing is changed. */
@RunningService
class BadInputTest {

    @LocalServerPort
    int port;

    private HttpApi api;
    private long revisionBefore;

    @BeforeEach
    void aKeyThatMustNotChange() {
        api = new HttpApi(port);
        revisionBefore = api.post("/v1/keys/bad.input/increment", null)
                .body()
                .get("revision")
                .asLong();
    }

    private void refused(Answer answer, int status, String problem, String field, String rule) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.contentType()).startsWith("application/problem+json");
        assertThat(answer.problem()).as(answer.toString()).isEqualTo(problem);
        assertThat(answer.field()).isEqualTo(field);
        assertThat(answer.detail()).contains(rule);
        assertThat(answer.body().get("status").asInt()).isEqualTo(status);
        assertThat(answer.body().get("title").asString()).isNotBlank();
        assertThat(api.get("/v1/keys/bad.input").body().get("revision").asLong())
                .as("nothing changed")
                .isEqualTo(revisionBefore);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Upper",
                "-lead",
                ".lead",
                "sp%20ace",
                "%C3%A9",
                "a:b",
                "a%0Ab",
                "a%2Fb",
                "%ff",
                "a%5Cb",
                "%2e%2e"
            })
    void aKeyOutsideTheGrammar(String key) {
        refused(
                api.post("/v1/keys/" + key + "/increment", null),
                400,
                "invalid-field",
                "key",
                "1 to 128 characters of");
    }

    @Test
    void aPathThatIsNoUri() {
        refused(api.post("/v1/keys/a%00b/increment", null), 400, "invalid-request", "", "");
    }

    @Test
    void aPathParameter() {
        refused(api.post("/v1/keys/bad.input;x=1/increment", null), 400, "invalid-field", "path", "semicolon");
    }

    @Test
    void aHeaderGivenTwice() {
        refused(
                api.post("/v1/keys/bad.input/increment", null, "Idempotency-Key", "a", "Idempotency-Key", "b"),
                400,
                "invalid-field",
                "Idempotency-Key",
                "given once");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "1.5", "true", "[\"x\"]", "{}"})
    void aReasonThatIsNoText(String reason) {
        refused(
                api.post("/v1/keys/bad.input/increment", "{\"reason\": %s}".formatted(reason)),
                400,
                "invalid-field",
                "reason",
                "wrong type");
    }

    @Test
    void aKeyTooLongNamesTheRule() {
        String key = "a".repeat(129);
        refused(api.post("/v1/keys/" + key + "/increment", null), 400, "invalid-field", "key", "1 to 128 characters");
        refused(api.get("/v1/keys/" + key), 400, "invalid-field", "key", "1 to 128 characters");
        refused(api.delete("/v1/keys/" + key), 400, "invalid-field", "key", "1 to 128 characters");
        refused(api.put("/v1/keys/" + key + "/holds/me", null), 400, "invalid-field", "key", "1 to 128 characters");
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "-2147483648"})
    void aByOfLessThanOne(int by) {
        String body = "{\"by\": %d}".formatted(by);
        refused(api.post("/v1/keys/bad.input/increment", body), 400, "invalid-field", "by", "from 1 to 2147483647");
        refused(api.post("/v1/keys/bad.input/decrement", body), 400, "invalid-field", "by", "from 1 to 2147483647");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2147483648", "1.5", "\"1\"", "true", "[1]", "{}", "1e3"})
    void aByThatIsNoInteger(String by) {
        refused(
                api.post("/v1/keys/bad.input/increment", "{\"by\": %s}".formatted(by)),
                400,
                "invalid-field",
                "by",
                "wrong type");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "P31D", "PT0.5S"})
    void aLeaseOutsideItsRange(String lease) {
        String body = "{\"lease\": \"%s\"}".formatted(lease);
        refused(api.put("/v1/keys/bad.input/holds/me", body), 400, "invalid-field", "lease", "from PT1S to PT720H");
    }

    @ParameterizedTest
    @ValueSource(strings = {"30 minutes", "PT", "", "P99999999999999999999D"})
    void aLeaseThatIsNoDuration(String lease) {
        String body = "{\"lease\": \"%s\"}".formatted(lease);
        refused(api.put("/v1/keys/bad.input/holds/me", body), 400, "invalid-field", "lease", "ISO-8601 duration");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "null",
                "nonsense",
                "{\"by\": 1} {}",
                "{\"by\": 1, \"by\": 2}",
                "[]",
                "\"x\"",
                "{\"by\": 01}"
            })
    void aBodyThatIsNoJsonObject(String body) {
        refused(api.post("/v1/keys/bad.input/increment", body), 400, "invalid-body", "", "one JSON object");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v1/keys",
        "GET,/v1/keys/bad.input?await=applied",
        "GET,/v1/nodes",
        "GET,/v1/watch",
        "DELETE,/v1/keys/bad.input",
        "DELETE,/v1/keys/bad.input/holds/me?await=applied",
    })
    void aBodyThatTheCallDoesNotTake(String method, String path) {
        refused(api.send(method, path, "{}"), 400, "invalid-body", "", "takes no body");
    }

    @Test
    void aBodyInChunksThatTheCallDoesNotTake() throws IOException {
        String request = String.join(
                "\r\n",
                "DELETE /v1/keys/bad.input/holds/me?await=applied HTTP/1.1",
                "Host: localhost",
                "Transfer-Encoding: chunked",
                "Connection: close",
                "",
                "2",
                "{}",
                "0",
                "",
                "");
        assertThat(raw(request)).startsWith("HTTP/1.1 400").contains("takes no body");
    }

    @Test
    void anUnknownField() {
        refused(api.post("/v1/keys/bad.input/increment", "{\"bye\": 1}"), 400, "invalid-field", "bye", "not a field");
        refused(
                api.put("/v1/keys/bad.input/holds/me", "{\"leas\": \"PT1M\"}"),
                400,
                "invalid-field",
                "leas",
                "[lease, reason]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"line\\nbreak", "\\u0000", "\\u001b[31m", "\\u2028", "\\ud800"})
    void aReasonWithAControlCharacter(String reason) {
        refused(
                api.post("/v1/keys/bad.input/increment", "{\"reason\": \"%s\"}".formatted(reason)),
                400,
                "invalid-field",
                "reason",
                "control character");
    }

    @Test
    void aReasonTooLong() {
        String body = "{\"reason\": \"%s\"}".formatted("x".repeat(513));
        refused(api.post("/v1/keys/bad.input/increment", body), 400, "invalid-field", "reason", "at most 512");
    }

    @Test
    void aHolderOutsideTheGrammar() {
        refused(api.put("/v1/keys/bad.input/holds/-me", null), 400, "invalid-field", "holder", "1 to 128 characters");
    }

    @Test
    void aDecrementAtZero() {
        Answer answer = api.post("/v1/keys/never.touched/decrement", null);
        refused(answer, 409, "count-below-zero", "", "by");
        assertThat(api.get("/v1/keys/never.touched").status()).isEqualTo(404);
    }

    @Test
    void aDecrementBeyondTheCount() {
        refused(api.post("/v1/keys/bad.input/decrement", "{\"by\": 1000000}"), 409, "count-below-zero", "", "by");
    }

    @Test
    void aCountThatWouldPassTheMaximum() {
        String most = "{\"by\": 2147483647}";
        refused(api.post("/v1/keys/bad.input/increment", most), 409, "count-overflow", "", "2147483647");
    }

    @Test
    void anIdempotencyKeyUsedForAnotherRequest() {
        String[] key = {"Idempotency-Key", "reuse-" + revisionBefore};
        Answer first = api.post("/v1/keys/bad.input/increment", null, key);
        Answer replay = api.post("/v1/keys/bad.input/increment", null, key);
        assertThat(replay.body()).isEqualTo(first.body());
        revisionBefore = first.body().get("revision").asLong();
        refused(
                api.post("/v1/keys/bad.input/increment", "{\"by\": 2}", key),
                422,
                "request-reused",
                "",
                "Idempotency-Key");
        refused(api.post("/v1/keys/bad.input/decrement", null, key), 422, "request-reused", "", "Idempotency-Key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"with space", "café"})
    void anIdempotencyKeyOutsideItsRule(String key) throws IOException {
        String answer = raw("POST /v1/keys/bad.input/increment HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: " + key
                + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 400").contains("Idempotency-Key must be");
    }

    @Test
    void aParameterOutsideItsRule() {
        String key = "/v1/keys/bad.input";
        refused(api.post(key + "/increment?await=done", null), 400, "invalid-field", "await", "applied");
        refused(api.post(key + "/increment?timeout=PT1S", null), 400, "invalid-field", "timeout", "await=applied");
        refused(
                api.post(key + "/increment?await=applied&timeout=PT-1S", null),
                400,
                "invalid-field",
                "timeout",
                "PT0S");
        refused(api.post(key + "/increment?await=applied&timeout=PT6M", null), 400, "invalid-field", "timeout", "PT5M");
        refused(
                api.post(key + "/increment?awiat=applied", null),
                400,
                "invalid-field",
                "parameter awiat",
                "one of [await, timeout]");
        refused(api.post(key + "/increment?await=applied&await=applied", null), 400, "invalid-field", "await", "once");
        refused(api.get("/v1/keys?limit=0"), 400, "invalid-field", "limit", "from 1 to 999");
        refused(api.get("/v1/keys?limit=x"), 400, "invalid-field", "limit", "whole number");
        refused(api.get("/v1/keys?after=A"), 400, "invalid-field", "after", "1 to 128 characters");
        refused(api.get("/v1/keys?prefix=%25"), 400, "invalid-field", "prefix", "beginning of a key");
        refused(api.get(key + "?consistency=weak"), 400, "invalid-field", "consistency", "strong");
        refused(api.get(key + "?revision=1"), 400, "invalid-field", "revision", "await=applied");
        refused(api.get(key + "?await=applied&revision=999999"), 400, "invalid-field", "revision", "its newest");
        refused(api.get(key + "/history?before=0"), 400, "invalid-field", "before", "above 0");
    }

    @Test
    void aNodesHoldWithoutAllItsHeaders() {
        String path = "/v1/keys/bad.input/holds/node-1";
        String uuid = "6f1f4b9e-5f0e-4a55-9d4b-0d9f3f1f7a10";
        refused(
                api.put(path, null, "Patchkey-Session", uuid),
                400,
                "invalid-field",
                "Patchkey-Incarnation",
                "given with");
        refused(
                api.put(path, null, "Patchkey-Session", "x", "Patchkey-Incarnation", uuid, "Patchkey-Operation", "1"),
                400,
                "invalid-field",
                "Patchkey-Session",
                "a UUID");
        refused(
                api.put(path, null, "Patchkey-Session", uuid, "Patchkey-Incarnation", uuid, "Patchkey-Operation", "0"),
                400,
                "invalid-field",
                "Patchkey-Operation",
                "above 0");
        String[] node = {"Patchkey-Session", uuid, "Patchkey-Incarnation", uuid, "Patchkey-Operation", "1"};
        refused(api.put(path, "{\"lease\": \"PT1M\"}", node), 400, "invalid-field", "lease", "left out by a node");
    }

    @Test
    void aHoldOfALifeOfANodeThatHasNotSaidHello() {
        String path = "/v1/keys/bad.input/holds/node-1";
        String uuid = "00000000-0000-4000-8000-000000000001";
        String[] node = {"Patchkey-Session", uuid, "Patchkey-Incarnation", uuid, "Patchkey-Operation", "1"};
        refused(api.put(path, null, node), 409, "incarnation-unknown", "", "node-1");
        refused(api.delete(path, node), 409, "incarnation-unknown", "", "node-1");
    }

    @Test
    void aDeleteOfAnEnabledOrUnknownKey() {
        refused(api.delete("/v1/keys/bad.input"), 409, "key-enabled", "", "count");
        refused(api.delete("/v1/keys/never.touched"), 404, "key-unknown", "", "never.touched");
    }

    @Test
    void aResourceMethodOrMediaTypeThatIsNone() {
        refused(api.get("/v1/nonsense"), 404, "not-found", "", "");
        refused(api.get("/v1/keys/bad.input/increment"), 405, "method-not-allowed", "", "");
        refused(
                api.send("POST", "/v1/keys/bad.input/increment", "by=2", "Content-Type", "text/plain"),
                415,
                "unsupported-media-type",
                "",
                "");
        refused(api.get("/v1/nodes/nobody"), 404, "node-unknown", "", "nobody");
    }

    @Test
    void aBodyTooLarge() throws IOException {
        // It is refused by its length alone; of a client that sends it all the same, the connection is closed.
        String request = String.join(
                "\r\n",
                "POST /v1/keys/bad.input/increment HTTP/1.1",
                "Host: localhost",
                "Content-Type: application/json",
                "Content-Length: " + (JettyProblems.LONGEST_BODY + 1),
                "Connection: close",
                "",
                "");
        assertThat(raw(request)).startsWith("HTTP/1.1 413").contains("body-too-large", "65536 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"reason\": \"", " ", "{\"by\": 1"})
    void aBodyTooLargeWithoutALength(String beginning) throws IOException {
        String start = String.join(
                "\r\n",
                "POST /v1/keys/bad.input/increment HTTP/1.1",
                "Host: localhost",
                "Content-Type: application/json",
                "Transfer-Encoding: chunked",
                "Connection: close",
                "",
                Integer.toHexString(beginning.length()),
                beginning,
                "");
        var request = new StringBuilder(start);
        for (int i = 0; i < 5; i++) {
            request.append("4000\r\n").append(" ".repeat(16 * 1024)).append("\r\n");
        }
        request.append("2\r\n\"}\r\n0\r\n\r\n");
        assertThat(raw(request.toString())).startsWith("HTTP/1.1 413").contains("body-too-large");
    }

    @Test
    void aRequestThatIsNoHttp() throws IOException {
        assertThat(raw("POST /v1/keys/bad.input/increment HTTP/9.9\r\n\r\n")).contains("application/problem+json");
        assertThat(raw("GET /v1/keys/..%2fbad.input HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("application/problem+json");
    }

    private String raw(@Nullable String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(String.valueOf(request).getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8);
        }
    }
}
