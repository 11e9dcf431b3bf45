package dev.patchkey.service.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.security.TestIssuer;
import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;

/** No caller can take more than its part, by how often, how much, how long or how slowly it asks. */
@TlsService
class LimitsTest {

    static final int CONNECTIONS = 500;

    /** Of all addresses. */
    static final int ALL_CONNECTIONS = 900;

    private static final int ADDRESSES = 3;

    /** The first byte of a TLS record with one. */
    private static final int START_OF_A_HANDSHAKE = 22;

    @LocalServerPort
    int port;

    @LocalManagementPort
    int managementPort;

    @Autowired
    MeterRegistry meters;

    private final HttpClient http = HttpClient.newBuilder()
            .sslContext(TestCertificates.get().client(""))
            .build();

    private double refused(String reason) {
        return meters.get("patchkey.security.refusals")
                .tag("reason", reason)
                .counter()
                .count();
    }

    private HttpApi as(String caller) {
        return new HttpApi(URI.create("https://127.0.0.1:" + port), http, TestTokens.bearer(caller));
    }

    @Test
    void whoAsksTooOftenIsToldToWaitAndOthersAreNot() {
        HttpApi busy = as("busy");
        List<Answer> answers =
                Stream.generate(() -> busy.get("/v1/keys")).limit(100).toList();
        assertThat(answers.getFirst().status()).isEqualTo(200);
        Answer refused = answers.getLast();
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.problem()).isEqualTo("rate-exceeded");
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(refused("rate-exceeded")).isPositive();
        assertThat(as("other").get("/v1/keys").status()).isEqualTo(200);
    }

    /** As through an ingress in the network of the machine, from which Kubernetes asks whether the pod lives. */
    @Test
    void strangersWhoAskTooOftenKeepNoProbeOut() throws Exception {
        HttpClient sameAddress = HttpClient.newBuilder()
                .sslContext(TestCertificates.get().client(""))
                .localAddress(InetAddress.getByName("127.0.0.9"))
                .build();
        HttpApi stranger = new HttpApi(URI.create("https://127.0.0.1:" + port), sameAddress);
        assertThat(Stream.generate(() -> stranger.get("/v1/keys").status()).limit(100))
                .contains(429);
        HttpApi probe = new HttpApi(URI.create("https://127.0.0.1:" + managementPort), sameAddress);
        assertThat(probe.get("/actuator/health/liveness").status()).isEqualTo(200);
    }

    @Test
    void whoShowsBadCredentialsTooOftenIsToldToWaitAndGoodOnesStillOpen() {
        HttpApi guessing = as("nobody");
        List<Integer> statuses = Stream.generate(() -> guessing.get("/v1/keys").status())
                .limit(40)
                .toList();
        assertThat(statuses).contains(429).doesNotContain(200);
        assertThat(refused("too-many-failures")).isPositive();
        assertThat(as("other").get("/v1/keys/x").status()).isEqualTo(404);
    }

    private HttpApi withJwt(String jwt) {
        return new HttpApi(URI.create("https://127.0.0.1:" + port), http, "Authorization", "Bearer " + jwt);
    }

    @Test
    void badJwtsLockOutNoGoodOneOfTheirAddress() {
        HttpApi alice = withJwt(TestIssuer.good("alice", "observer"));
        assertThat(alice.get("/v1/keys").status()).isEqualTo(200);
        HttpApi mallory = withJwt(TestIssuer.ofAnotherSigner());
        assertThat(Stream.generate(() -> mallory.get("/v1/keys").status()).limit(60))
                .contains(429)
                .doesNotContain(200);
        assertThat(alice.get("/v1/keys").status()).isEqualTo(200);
    }

    @Test
    void theIssuerIsNotAskedForKeysForEachJwtThatNamesOneWhichNobodyHas() {
        HttpApi mallory = withJwt(TestIssuer.ofUnknownKey());
        int before = TestIssuer.ASKED.get();
        assertThat(Stream.generate(() -> mallory.get("/v1/keys").status()).limit(60))
                .contains(503)
                .doesNotContain(200);
        assertThat(refused("issuer-unavailable")).isPositive();
        // Two in ten seconds, and the requests may begin in one ten and end in the next.
        assertThat(TestIssuer.ASKED.get() - before).isLessThanOrEqualTo(4);
        assertThat(withJwt(TestIssuer.good("bob", "observer")).get("/v1/keys").status())
                .isEqualTo(200);
    }

    @Test
    void aCallerHasSoManyEventStreamsAndNoMore() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/v1/watch"))
                .headers(TestTokens.bearer("watching"))
                .build();
        List<InputStream> streams = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            HttpResponse<InputStream> answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            assertThat(answer.statusCode()).isEqualTo(200);
            streams.add(answer.body());
        }
        Answer third = as("watching").get("/v1/watch");
        assertThat(third.status()).isEqualTo(429);
        assertThat(third.problem()).isEqualTo("too-many-watchers");
        assertThat(refused("too-many-watchers")).isPositive();
        assertThat(third.header("Retry-After")).isNotBlank();
        for (InputStream stream : streams) {
            stream.close();
        }
    }

    @Test
    void aCallerHasSoManyNodesAndNoMore() {
        List<WebSocket> nodes = new ArrayList<>();
        nodes.add(node());
        nodes.add(node());
        // The second is counted when it is open, which its caller hears at about the same time.
        Awaitility.await()
                .untilAsserted(
                        () -> assertThatThrownBy(this::node).hasCauseInstanceOf(WebSocketHandshakeException.class));
        assertThat(refused("too-many-nodes")).isPositive();
        nodes.getFirst().abort();
        Awaitility.await().ignoreExceptions().untilAsserted(() -> nodes.add(node()));
        nodes.forEach(WebSocket::abort);
    }

    private WebSocket node() {
        return http.newWebSocketBuilder()
                .subprotocols("patchkey.v1")
                .header("Authorization", TestTokens.bearer("fleet")[1])
                .buildAsync(URI.create("wss://127.0.0.1:" + port + "/v1/channel"), new WebSocket.Listener() {})
                .join();
    }

    @ParameterizedTest
    @ValueSource(strings = {"body", "chunked body", "header", "headers", "path"})
    void whatIsTooLargeIsRefused(String what) throws IOException {
        String auth = "Authorization: " + TestTokens.bearer("slow")[1] + "\r\n";
        String call = "POST /v1/keys/limits.x/increment HTTP/1.1\r\nHost: localhost\r\n" + auth;
        String json = "Content-Type: application/json\r\n";
        String large = "x".repeat(70_000);
        String request = switch (what) {
            case "body" -> call + json + "Content-Length: 70000\r\n\r\n" + large;
            case "chunked body" ->
                call + json + "Transfer-Encoding: chunked\r\n\r\n11170\r\n" + " ".repeat(70_000) + "\r\n0\r\n\r\n";
            case "header" -> call + "X-Large: " + large + "\r\n\r\n";
            case "headers" -> call + "X-Many: x\r\n".repeat(7_000) + "\r\n";
            default -> "GET /v1/keys/" + large + " HTTP/1.1\r\nHost: localhost\r\n" + auth + "\r\n";
        };
        try (Socket socket =
                TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", port)) {
            // A bound for a service that does not answer.
            socket.setSoTimeout(10_000);
            write(socket, request);
            String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(answer).isIn("HTTP/1.1 413", "HTTP/1.1 431", "HTTP/1.1 414");
        }
    }

    /** The service may answer, and close, before it has read all. */
    private static void write(Socket socket, String request) {
        try {
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
        } catch (IOException e) {
            assertThat(socket.isConnected()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
                "POST /v1/keys/limits.slow/increment HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\n"
                        + "Content-Length: 1000\r\n\r\n{"
            })
    void aRequestThatDripsInIsGivenUp(String start) throws Exception {
        assertIsGivenUp(port, start);
    }

    @Test
    void aRequestOfTheManagementThatDripsInIsGivenUp() throws Exception {
        assertIsGivenUp(managementPort, "GET /actuator/metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    }

    private static void assertIsGivenUp(int to, String start) throws Exception {
        String auth = "Authorization: " + TestTokens.bearer("slow")[1] + "\r\n";
        try (Socket socket =
                TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", to)) {
            socket.getOutputStream().write(start.formatted(auth).getBytes(StandardCharsets.US_ASCII));
            Awaitility.await().until(() -> {
                socket.getOutputStream().write(' ');
                socket.getOutputStream().flush();
                socket.setSoTimeout(100);
                return hasEnded(socket);
            });
        }
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedByTheManagementToo() throws IOException {
        String request = "POST /actuator/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
                + TestTokens.bearer("slow")[1] + "\r\nContent-Length: 70000\r\n\r\n";
        try (Socket socket =
                TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", managementPort)) {
            // A bound for a service that does not answer.
            socket.setSoTimeout(10_000);
            write(socket, request);
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 413")
                    .contains("urn:patchkey:problem:body-too-large");
        }
    }

    @Test
    void anAddressHasSoManyConnectionsAndNoMore() throws Exception {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i <= CONNECTIONS; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                socket.setSoTimeout(100);
                open.add(socket);
                // Or the server may not hear for seconds of one that has found its queue full.
                socket.getOutputStream().write(START_OF_A_HANDSHAKE);
            }
            Awaitility.await().until(() -> hasEnded(open.getLast()));
            assertThat(hasEnded(open.getFirst())).isFalse();
        } finally {
            close(open);
        }
        Awaitility.await().ignoreExceptions().untilAsserted(() -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(100);
                assertThat(hasEnded(socket)).isFalse();
            }
        });
    }

    @Test
    void aPortTakesSoManyConnectionsAndFurtherOnesWait() throws Exception {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < ALL_CONNECTIONS; i++) {
                if (i == ALL_CONNECTIONS - 100) {
                    assertThat(isServed()).isTrue();
                }
                String address = "127.0.0." + (2 + i % ADDRESSES);
                open.add(new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByName(address), 0));
            }
            assertThat(isServed()).isFalse();
        } finally {
            close(open);
        }
        Awaitility.await().until(this::isServed);
    }

    /** Whether a new connection is answered within a second, which takes milliseconds otherwise. */
    private boolean isServed() throws IOException {
        try (Socket socket =
                TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(1000);
            ((SSLSocket) socket).startHandshake();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static boolean hasEnded(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
