package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.RunningService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;

/** A page in a browser on the operator's own machine cannot use a service that lets in whoever is there. */
@RunningService
class BrowserGuardTest {

    private static final String CALL = "/v1/keys/browser.x/increment";

    @LocalServerPort
    int port;

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String post(String... headers) throws IOException {
        return raw("POST " + CALL + " HTTP/1.1\r\n" + String.join("\r\n", headers)
                + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attacker.example",
                "attacker.example:8080",
                "localhost.attacker.example",
                "127.0.0.1.attacker.example",
                "0.0.0.0",
                "192.0.2.1",
                "[2001:db8::1]"
            })
    void aNameThatWasPointedToTheLoopbackAddressIsRefused(String host) throws IOException {
        assertThat(post("Host: " + host)).startsWith("HTTP/1.1 403").contains("problem:cross-site");
        // The name in the request line counts before that of the header.
        assertThat(raw("POST http://" + host + CALL + " HTTP/1.1\r\nHost: " + host
                        + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]:8080"})
    void theMachinesOwnNamesAreTaken(String host) throws IOException {
        assertThat(post("Host: " + host)).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: http://attacker.example",
                "Origin: null",
                "Origin: http://localhost:1",
                "Origin: http://localhost.attacker.example",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site",
                "Sec-Fetch-Site: none\r\nOrigin: http://attacker.example"
            })
    void whatAnotherSitesPageSendsIsRefused(String header) throws IOException {
        assertThat(post("Host: localhost", header)).startsWith("HTTP/1.1 403").contains("problem:cross-site");
        assertThat(raw("GET /v1/channel HTTP/1.1\r\nHost: localhost\r\n" + header
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: patchkey.v1\r\n"
                        + "Connection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: http://localhost:8080",
                "Sec-Fetch-Site: same-origin\r\nOrigin: http://LOCALHOST:8080",
                "Sec-Fetch-Site: none",
                "Accept: */*"
            })
    void whatOurOwnPageOrNoPageSendsIsTaken(String header) throws IOException {
        assertThat(post("Host: localhost:8080", header)).startsWith("HTTP/1.1 200");
    }

    @Test
    void withoutCredentialsEverybodyOnTheMachineIsAnAdmin() {
        HttpApi api = new HttpApi(port, "Authorization", "Bearer whatever");
        assertThat(api.get("/v1/tokens").body().get("tokens")).isEmpty();
        assertThat(api.put("/v1/keys/browser.x/holds/anyone", null).status()).isEqualTo(200);
        assertThat(api.delete("/v1/keys/browser.x/holds/anyone").status()).isEqualTo(200);
    }

    @Test
    void nobodyTakesANameThatWillBeSomebodysWhenTheServiceIsClosed() {
        HttpApi api = new HttpApi(port);
        api.post("/v1/keys/browser.names/increment", null);
        for (String name : List.of("ops:laptop", "jwt:alice", "a:")) {
            HttpApi.Answer taken = api.put("/v1/keys/browser.names/holds/" + name, null);
            assertThat(taken.status()).as(name).isEqualTo(400);
            assertThat(taken.field()).isEqualTo("holder");
            assertThat(taken.detail()).contains("without a colon");
            assertThat(api.delete("/v1/keys/browser.names/holds/" + name).status())
                    .as("what was bound before can be released")
                    .isEqualTo(200);
        }
        assertThatThrownBy(() -> Caller.EVERYBODY.node("checkout:web-1")).hasMessageContaining("no colon");
        assertThat(Caller.EVERYBODY.node("web-1").value()).isEqualTo("web-1");
    }
}
