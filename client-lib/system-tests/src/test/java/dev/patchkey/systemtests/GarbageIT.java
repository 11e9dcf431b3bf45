package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.patchkey.systemtests.ServiceProcess.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Garbage, oversized and out-of-order messages and requests: each is answered clearly, and changes nothing. */
class GarbageIT {

    private static final String KEY = "/v1/keys/" + NodeMain.FLIP;

    private static ServiceProcess service;
    private static NodeProcess node;
    private static long revision;

    @BeforeAll
    static void aServiceWithANodeAndAKey() {
        service = new ServiceProcess().start();
        node = new NodeProcess(service.uri(), "steady", 25).ready();
        revision = service.post(KEY + "/increment?await=applied&timeout=PT30S").revision();
    }

    @AfterAll
    static void end() {
        node.close();
        service.close();
    }

    @AfterEach
    void nothingHasChanged() {
        Answer key = service.get(KEY);
        assertThat(key.revision()).isEqualTo(revision);
        assertThat(key.count()).isEqualTo(1);
        assertThat(node.ask("phase")).as("the steady node").isEqualTo("READY");
        assertThat(node.ask("path")).isEqualTo("on");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "nonsense | JSON",
                "[] | object",
                "{} | type",
                "{\"type\":\"nonsense\"} | type",
                "{\"type\":\"applied\",\"n\":1} | hello",
                "{\"type\":\"hello\",\"protocol\":1} | node",
                "{\"type\":\"hello\",\"protocol\":1,\"node\":\"no/slash\",\"incarnation\":\"6f1f4b9e-5f0e-4a55-9d4b-0d9f3f1f7a10\",\"application\":\"raw\",\"stalePolicy\":\"hold\"} | node",
                "{\"type\":\"hello\",\"protocol\":1,\"node\":\"raw\",\"incarnation\":\"1\",\"application\":\"raw\",\"stalePolicy\":\"hold\"} | incarnation",
            })
    void aFirstMessageThatIsNoHello(String message, String named) {
        try (RawNode raw = new RawNode(service.uri())) {
            JsonNode error = raw.send(message).receive("error");
            assertThat(error.path("code").asInt()).isEqualTo(4400);
            assertThat(error.path("detail").asText()).contains(named);
            assertThat(raw.closeCode()).isEqualTo(4400);
        }
    }

    @Test
    void aProtocolVersionThatIsNotSpoken() {
        try (RawNode raw = new RawNode(service.uri())) {
            JsonNode error = raw.send(RawNode.hello("raw").replace("\"protocol\":1", "\"protocol\":7"))
                    .receive("error");
            assertThat(error.path("detail").asText()).contains("7").contains("1");
            assertThat(raw.closeCode()).isEqualTo(4426);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"applied\",\"n\":1000000}",
                "{\"type\":\"applied\",\"n\":-1}",
                "{\"type\":\"applied\",\"n\":\"1\"}",
                "{\"type\":\"heartbeat\",\"seq\":-1}",
                "{\"type\":\"declared\",\"keys\":{\"Upper\":1}}",
                "{\"type\":\"declared\",\"keys\":[]}",
            })
    void aMessageThatBreaksARuleAfterTheHello(String message) {
        try (RawNode raw = new RawNode(service.uri())) {
            raw.send(RawNode.hello("raw-after")).receive("welcome");
            JsonNode error = raw.send(message).receive("error");
            assertThat(error.path("detail").asText()).isNotBlank();
            assertThat(raw.closeCode()).isEqualTo(4400);
        }
    }

    @Test
    void aSecondHello() {
        try (RawNode raw = new RawNode(service.uri())) {
            raw.send(RawNode.hello("raw-twice")).receive("welcome");
            assertThat(raw.send(RawNode.hello("raw-twice"))
                            .receive("error")
                            .path("detail")
                            .asText())
                    .contains("hello");
            assertThat(raw.closeCode()).isEqualTo(4400);
        }
    }

    @Test
    void aMessageThatIsTooLarge() {
        try (RawNode raw = new RawNode(service.uri())) {
            raw.send("{\"type\":\"hello\",\"padding\":\"" + "x".repeat(1100 * 1024) + "\"}");
            assertThat(raw.closeCode()).isEqualTo(1009);
        }
    }

    @Test
    void aBinaryMessage() {
        try (RawNode raw = new RawNode(service.uri())) {
            raw.sendBinary(new byte[] {1, 2, 3});
            assertThat(raw.closeCode()).isIn(1003, 4400);
        }
    }

    @Test
    void aHoldOfALifeOfTheNodeThatIsOver() {
        String uuid = "6f1f4b9e-5f0e-4a55-9d4b-0d9f3f1f7a10";
        try (RawNode first = new RawNode(service.uri());
                RawNode second = new RawNode(service.uri())) {
            String hello =
                    RawNode.hello("raw-lives").replaceFirst("\"incarnation\":\"[^\"]*", "\"incarnation\":\"" + uuid);
            String session =
                    first.send(hello).receive("welcome").path("session").asText();
            second.send(RawNode.hello("raw-lives")).receive("welcome");
            assertThat(first.closeCode()).isEqualTo(4409);

            Answer late = service.call(
                    "PUT",
                    KEY + "/holds/raw-lives",
                    null,
                    "Patchkey-Session",
                    session,
                    "Patchkey-Incarnation",
                    uuid,
                    "Patchkey-Operation",
                    "1");
            assertThat(late.status()).isEqualTo(409);
            assertThat(late.body().path("type").asText()).endsWith("operation-superseded");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "POST | /increment | {\"by\": 0} | 400 | by",
                "POST | /increment | {\"by\": 2147483647} | 409 | 2147483647",
                "POST | /decrement | {\"by\": 2} | 409 | by",
                "POST | /increment | nonsense | 400 | JSON",
                "POST | /increment | {\"bye\": 1} | 400 | bye",
                "PUT | /holds/me | {\"lease\": \"PT0S\"} | 400 | lease",
                "DELETE | ?awiat=applied | | 400 | awiat",
            })
    void aRequestThatBreaksARule(String method, String path, String body, int status, String named) {
        Answer answer = service.call(method, KEY + path, body);
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.body().path("type").asText()).startsWith("urn:patchkey:problem:");
        assertThat(answer.body().path("detail").asText()).contains(named);
    }

    @Test
    void aBodyThatIsTooLarge() {
        Answer answer = service.call("POST", KEY + "/increment", "{\"reason\":\"" + "x".repeat(70_000) + "\"}");
        assertThat(answer.status()).isEqualTo(413);
    }

    @Test
    void bytesThatAreNoHttp() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("\u0001\u0002 nonsense\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            assertThat(answer.toString(StandardCharsets.UTF_8)).startsWith("HTTP/1.1 400");
        }
    }
}
