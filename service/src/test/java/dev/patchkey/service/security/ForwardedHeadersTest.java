package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.PatchkeyService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** On Kubernetes too a request comes from where it comes from, and is for the host that it names. */
@SpringBootTest(
        classes = PatchkeyService.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.main.cloud-platform=kubernetes",
            "spring.datasource.url=jdbc:h2:file:./target/test-data/${random.uuid}/patchkey;WRITE_DELAY=0",
            "patchkey.cluster.name=${random.uuid}",
            // One that nobody here reaches but by a header that is trusted.
            "patchkey.limits.requests-per-second=1",
            "patchkey.limits.burst=1"
        })
class ForwardedHeadersTest {

    @LocalServerPort
    int port;

    private String get(String host, String header) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String request = "GET /v1/keys HTTP/1.1\r\nHost: " + host + "\r\n" + header;
            request += "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.substring(0, "HTTP/1.1 200".length());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-Host: localhost",
                "X-Forwarded-Server: localhost",
                "Forwarded: host=localhost",
                "Forwarded: for=127.0.0.1;host=localhost"
            })
    void noHeaderMakesAnotherHostTheMachinesOwn(String header) throws IOException {
        assertThat(get("attacker.example", header)).endsWith("403");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"})
    void noHeaderMakesTheMachineItselfAnotherAddress(String header) throws IOException {
        List<String> statuses =
                IntStream.range(0, 5).mapToObj(i -> status(header)).toList();
        assertThat(statuses).allMatch(status -> status.endsWith("200"));
    }

    private String status(String header) {
        try {
            return get("localhost", header);
        } catch (IOException e) {
            throw new AssertionError("the service did not answer", e);
        }
    }

    @Test
    void aHostThatIsTheMachinesOwnIsNotMadeAnother() throws IOException {
        assertThat(get("localhost", "X-Forwarded-Host: attacker.example")).endsWith("200");
    }
}
