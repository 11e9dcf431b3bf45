package dev.patchkey.service.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestPropertySource;

/** Whoever does not get on with TLS keeps no connection, on neither port. */
@TlsService
@TestPropertySource(properties = "patchkey.limits.handshake-time=" + HandshakeTest.SECONDS + "s")
class HandshakeTest {

    static final int SECONDS = 1;

    /** The beginning of a ClientHello of 512 bytes in a record of its own: the rest is whatever follows. */
    private static final byte[] HELLO = HexFormat.of().parseHex("1603010200" + "010001fc0303");

    @LocalServerPort
    int port;

    @LocalManagementPort
    int managementPort;

    private int port(String name) {
        return name.equals("api") ? port : managementPort;
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "management"})
    void whoSendsNothingIsGivenUp(String name) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(name))) {
            socket.setSoTimeout(100);
            Awaitility.await().until(() -> hasEnded(socket));
        }
    }

    /** A byte in a tenth of a second would take a minute, and no idle timeout sees it. */
    @ParameterizedTest
    @ValueSource(strings = {"api", "management"})
    void whoseClientHelloDripsInIsGivenUp(String name) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(name))) {
            socket.setSoTimeout(100);
            socket.getOutputStream().write(HELLO);
            Awaitility.await().until(() -> {
                try {
                    socket.getOutputStream().write(0);
                } catch (IOException e) {
                    return true;
                }
                return hasEnded(socket);
            });
        }
    }

    @Test
    void whoHasShakenHandsMayBeSilentForLonger() throws Exception {
        try (SSLSocket socket =
                (SSLSocket) TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.startHandshake();
            socket.setSoTimeout(100);
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(200))
                    .during(Duration.ofSeconds(2 * SECONDS))
                    .until(() -> !hasEnded(socket));
            // A bound for a service that does not answer.
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] status = socket.getInputStream().readNBytes(12);
            assertThat(new String(status, StandardCharsets.US_ASCII)).isIn("HTTP/1.1 401", "HTTP/1.1 429");
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
