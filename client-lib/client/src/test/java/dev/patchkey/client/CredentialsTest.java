package dev.patchkey.client;

import static dev.patchkey.client.Status.Phase.CONNECTING;
import static dev.patchkey.client.Status.Phase.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node makes of credentials that are refused, rotated, or none. */
class CredentialsTest extends NodeTest {

    /** A service that refuses every upgrade with a status. */
    private static final class Refusing implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final AtomicInteger asked = new AtomicInteger();

        Refusing(int status) throws IOException {
            Thread thread = new Thread(() -> serve(status), "refusing-service");
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(int status) {
            try {
                while (true) {
                    try (Socket socket = server.accept()) {
                        asked.incrementAndGet();
                        socket.getOutputStream()
                                .write(("HTTP/1.1 " + status + " Refused\r\nWWW-Authenticate: Bearer\r\n"
                                                + "Content-Length: 0\r\nConnection: close\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                        // Until the client has read the answer, and closed.
                        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
                    }
                }
            } catch (SocketException closed) {
                // The test is over.
                asked.get();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + server.getLocalPort());
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"401, knows neither the token nor the certificate", "403, may not be a node", "429, asks too often"})
    void aRefusalIsToldClearlyAndAskedForAgainEverMoreRarely(int status, String meaning) throws Exception {
        fake.close();
        try (Refusing service = new Refusing(status)) {
            Patchkey node = start(options ->
                    Patchkey.builder(service.uri()).bearerToken(() -> "wrong").logger(Quiet.LOGGER));
            eventually(() -> node.status().attempts() >= 3);
            Status refused = node.status();
            assertThat(refused.phase()).isEqualTo(CONNECTING);
            assertThat(refused.lastError()).contains("answered " + status).contains(meaning);
            // The bounds of the delays double from 200 ms on: while these pass, a loop would be at thousands.
            assertThat(service.asked.get()).isLessThan(50);
        }
    }

    @Test
    void aTokenThatIsRotatedIsShownFromTheNextConnectionOn() {
        AtomicReference<String> token = new AtomicReference<>("old");
        Patchkey node = ready(options -> options.bearerToken(token::get));
        token.set("new");
        fake.session().drop();
        eventually(() -> fake.upgrades.size() > 1 && node.status().phase() == READY);
        assertThat(fake.upgrades.get(0)).containsEntry("authorization", "Bearer old");
        assertThat(fake.upgrades.get(1)).containsEntry("authorization", "Bearer new");
    }

    @Test
    void aTokenThatNoHeaderCanCarryIsNotShownInTheStatusOrTheLog() {
        for (String token : List.of("secret\n", "sec ret", "secr\u00e9t", "")) {
            Patchkey node = start(options -> options.bearerToken(() -> token));
            eventually(() -> node.status().attempts() > 0);
            assertThat(node.status().toString())
                    .contains("bearerToken must supply visible ASCII characters")
                    .doesNotContain("secr")
                    .doesNotContain("sec ret");
            node.close();
        }
    }

    @Test
    void tlsIsAskedForBeforeEachConnectionAndAnotherOneIsUsedAsSoonAsItIsThere() throws GeneralSecurityException {
        SSLContext first = SSLContext.getDefault();
        SSLContext second = SSLContext.getInstance("TLS");
        second.init(null, null, null);
        List<SSLContext> asked = new CopyOnWriteArrayList<>();
        AtomicReference<SSLContext> current = new AtomicReference<>(first);
        Clients clients = new Clients(LONG, Runnable::run, () -> {
            asked.add(current.get());
            return current.get();
        });
        var before = clients.renewed();
        assertThat(before.sslContext()).isSameAs(first);
        assertThat(clients.renewed()).isSameAs(before);
        current.set(second);
        assertThat(clients.renewed().sslContext()).isSameAs(second);
        assertThat(asked).hasSize(3);
    }

    @Test
    void requestsTakeTheTlsOfTheConnection() throws GeneralSecurityException {
        AtomicInteger asked = new AtomicInteger();
        SSLContext first = SSLContext.getDefault();
        Clients clients = new Clients(LONG, Runnable::run, () -> {
            asked.incrementAndGet();
            return first;
        });
        assertThatThrownBy(clients::current).isInstanceOf(IllegalStateException.class);
        var connected = clients.renewed();
        assertThat(clients.current()).isSameAs(connected);
        assertThat(clients.current()).isSameAs(connected);
        assertThat(asked).hasValue(1);
    }

    @Test
    void anApplicationThatHasNoTlsYetIsAskedAgain() {
        AtomicInteger asked = new AtomicInteger();
        Patchkey node = ready(options -> options.sslContext(() -> {
            if (asked.getAndIncrement() == 0) {
                throw new IllegalStateException("no certificate yet");
            }
            try {
                return SSLContext.getDefault();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }));
        assertThat(node.status().phase()).isEqualTo(READY);
        assertThat(asked.get()).isGreaterThan(1);
    }
}
