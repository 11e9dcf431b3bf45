package dev.patchkey.service.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;

/** TLS on every port: certificates that change while the service runs, and callers known by theirs. */
@TlsService
@ExtendWith(OutputCaptureExtension.class)
class TlsTest {

    @LocalServerPort
    int port;

    @LocalManagementPort
    int managementPort;

    private final TestCertificates certificates = TestCertificates.get();

    private HttpApi as(String certificate, String... headers) {
        return new HttpApi(
                URI.create("https://127.0.0.1:" + port),
                HttpClient.newBuilder()
                        .sslContext(certificates.client(certificate))
                        .build(),
                headers);
    }

    private SSLSocket connect(int to) throws IOException {
        SSLSocket socket =
                (SSLSocket) certificates.client("").getSocketFactory().createSocket("127.0.0.1", to);
        // A bound for a service that does not answer.
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    private static String shown(SSLSocket socket) throws SSLException {
        return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                .getSubjectX500Principal()
                .getName();
    }

    private String shownBy(int to) throws IOException {
        try (SSLSocket socket = connect(to)) {
            return shown(socket);
        }
    }

    /** Asks by a connection that stands, and leaves it so; what it asks for takes credentials, which it does not show. */
    private static String ask(SSLSocket socket) throws IOException {
        socket.getOutputStream()
                .write("GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        String status = in.readLine();
        int length = 0;
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            if (line.startsWith("Content-Length: ")) {
                length = Integer.parseInt(line.substring("Content-Length: ".length()));
            }
        }
        for (int i = 0; i < length; i++) {
            if (in.read() < 0) {
                throw new IOException("the answer has ended early");
            }
        }
        return String.valueOf(status);
    }

    @Test
    void aNewCertificateIsShownToNewConnectionsAndOldOnesGoOn(CapturedOutput output) throws IOException {
        certificates.serve("first");
        for (int to : List.of(port, managementPort)) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> shownBy(to).equals("CN=localhost"));
        }
        try (SSLSocket old = connect(port);
                SSLSocket oldOfManagement = connect(managementPort)) {
            assertThat(ask(old)).startsWith("HTTP/1.1 401");
            certificates.serve("second");
            for (int to : List.of(port, managementPort)) {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> shownBy(to).equals("O=Rotated,CN=localhost")
                                || shownBy(to).equals("CN=localhost,O=Rotated"));
            }
            assertThat(ask(old)).startsWith("HTTP/1.1 401");
            assertThat(ask(oldOfManagement)).startsWith("HTTP/1.1 401");
        }
        certificates.serveNonsense();
        // Longer than the watch needs to see it.
        Awaitility.await()
                .during(Duration.ofMillis(500))
                .until(() -> shownBy(port).contains("Rotated"));
        certificates.serveKeyless();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(output.getAll())
                        .contains("The new certificates of the bundle test cannot be used, and the old ones stay:"
                                + " KeyStoreException"));
        assertThat(shownBy(port)).contains("Rotated");
        assertThat(shownBy(managementPort)).contains("Rotated");
        certificates.serve("first");
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> shownBy(port).equals("CN=localhost"));
    }

    @Test
    void aCallerIsKnownByItsCertificate() {
        HttpApi checkout = as("checkout");
        Answer held = checkout.put("/v1/keys/tls.x/holds/checkout:laptop", null);
        assertThat(held.status()).as(held.toString()).isEqualTo(200);
        assertThat(checkout.get("/v1/keys/tls.x").body().get("changedBy").asString())
                .isEqualTo("checkout");
        assertThat(checkout.delete("/v1/keys/tls.x").status()).isEqualTo(403);
        // By an alternative name, whatever the subject's own; a node may read a key and not list them.
        assertThat(as("billing").get("/v1/keys/tls.none").status()).isEqualTo(404);
        assertThat(as("billing").get("/v1/keys").status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "second"})
    void whoseCertificateIsNoCallersIsNobody(String certificate) {
        // The second is trusted, as one of the same authority would be, and not among the callers.
        Answer answer = as(certificate).get("/v1/keys");
        assertThat(answer.status()).isEqualTo(401);
    }

    @Test
    void whoseCertificateIsPutOnTheListOfTheFileIsLetInUntilItIsTakenOff() {
        HttpApi second = as("second");
        TlsService.Settings.write(
                "certificates: [{subject: 'CN=localhost,O=Rotated', name: late, role: observer, prefixes: ['*']}]");
        Awaitility.await()
                .untilAsserted(() -> assertThat(second.get("/v1/keys").status()).isEqualTo(200));
        TlsService.Settings.write("certificates: []");
        Awaitility.await()
                .untilAsserted(() -> assertThat(second.get("/v1/keys").status()).isEqualTo(401));
    }

    @Test
    void aCertificateThatNobodyVouchesForEndsTheConnection() {
        assertThatThrownBy(() -> as("first").get("/v1/keys")).hasCauseInstanceOf(IOException.class);
    }

    @Test
    void noCertificateMakesUpForATokenThatIsNotGood() {
        for (String authorization : List.of("Bearer " + TestTokens.token("nobody"), "Bearer x", "Basic eDp5")) {
            // 429 once other tests have shown too many.
            assertThat(as("checkout", "Authorization", authorization)
                            .get("/v1/keys")
                            .status())
                    .isIn(401, 429);
        }
    }

    @Test
    void aTokenCountsBeforeACertificate() {
        HttpApi both = as("checkout", TestTokens.bearer("other"));
        assertThat(both.post("/v1/keys/tls.both/increment", null).status()).isEqualTo(403);
    }

    @Test
    void aPageCannotUseACertificateThatTheBrowserShowsByItself() {
        Answer answer = as("checkout").post("/v1/keys/tls.page/increment", null, "Origin", "https://attacker.example");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.problem()).isEqualTo("cross-site");
    }

    @Test
    void theManagementPortIsClosedToo() {
        HttpApi nobody = new HttpApi(
                URI.create("https://127.0.0.1:" + managementPort),
                HttpClient.newBuilder().sslContext(certificates.client("")).build());
        assertThat(nobody.get("/actuator/health/liveness").status()).isEqualTo(200);
        assertThat(nobody.get("/actuator/metrics").status()).isEqualTo(401);
        assertThat(nobody.get("/actuator/metrics", TestTokens.bearer("other")).status())
                .isEqualTo(200);
        assertThat(nobody.get("/actuator/metrics", TestTokens.bearer("fleet")).status())
                .isEqualTo(403);
    }
}
