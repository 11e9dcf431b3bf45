package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The keys of an issuer: where they are found, how often it is asked, and what is known while it is away. */
class IssuerKeysTest {

    private static final String SETTING = "issuer-uri";

    private final AtomicInteger asked = new AtomicInteger();
    private final HttpServer server = newServer();
    private final String base = "http://127.0.0.1:" + server.getAddress().getPort();

    private static HttpServer newServer() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(String path, String text) {
        server.createContext(path, exchange -> {
            asked.incrementAndGet();
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            // A context is for all that its path is the beginning of.
            boolean here = exchange.getRequestURI().getPath().equals(path);
            exchange.sendResponseHeaders(here ? 200 : 404, here ? body.length : -1);
            if (here) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
    }

    private static String keys() {
        return new JWKSet(TestIssuer.KEY.toPublicJWK()).toString();
    }

    private static JWKSet fetch(Issuer issuer) throws KeySourceException {
        return issuer.getJWKSet(JWKSetCacheRefreshEvaluator.noRefresh(), System.currentTimeMillis(), null);
    }

    private static List<JWK> find(IssuerKeys keys, String id) throws KeySourceException {
        return keys.get(new JWKSelector(new JWKMatcher.Builder().keyID(id).build()), null);
    }

    /** Returns 1 if the issuer is not asked for it, and else 0. */
    private static int findNone(IssuerKeys keys, String id) {
        try {
            assertThat(find(keys, id)).isEmpty();
            return 0;
        } catch (KeySourceException e) {
            return 1;
        }
    }

    /** With the fetch at the start, that may be under way, or have been too early. */
    private static void awaitKnown(IssuerKeys keys) {
        Awaitility.await()
                .atMost(IssuerKeys.PAUSE.multipliedBy(4))
                .ignoreExceptions()
                .until(() -> find(keys, "known").size() == 1);
    }

    @ParameterizedTest
    @CsvSource({
        "/realms/main,/realms/main/.well-known/openid-configuration",
        "/realms/main/,/realms/main/.well-known/openid-configuration",
        "/realms/main,/.well-known/openid-configuration/realms/main",
        "/realms/main,/.well-known/oauth-authorization-server/realms/main",
        "'',/.well-known/openid-configuration",
        "/,/.well-known/oauth-authorization-server",
    })
    void areFoundByTheIssuersDescription(String name, String description) throws Exception {
        answer(description, "{\"issuer\": \"%s\", \"jwks_uri\": \"%s/keys\"}".formatted(base + name, base));
        answer("/keys", keys());
        server.start();
        try (IssuerKeys keys = new IssuerKeys(Issuer.named(SETTING, base + name))) {
            awaitKnown(keys);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"issuer\": \"https://other.example\", \"jwks_uri\": \"%s/keys\"}",
                "{\"issuer\": \"%s\"}",
                "{\"issuer\": \"%s\", \"jwks_uri\": \"no uri\"}",
                "[]",
                "<html>"
            })
    void aDescriptionThatIsNotTheIssuersGivesNone(String description) throws Exception {
        answer("/.well-known/openid-configuration", description.formatted(base));
        answer("/keys", keys());
        server.start();
        try (Issuer issuer = Issuer.named(SETTING, base)) {
            assertThatThrownBy(() -> fetch(issuer)).isInstanceOf(KeySourceException.class);
        }
    }

    @Test
    void thoseThatAreKnownVerifyWhileTheIssuerIsAway() throws Exception {
        answer("/keys", keys());
        server.start();
        try (IssuerKeys keys = new IssuerKeys(Issuer.withKeysAt(SETTING, base + "/keys"))) {
            awaitKnown(keys);
            server.stop(0);
            for (int i = 0; i < 20; i++) {
                findNone(keys, "unknown" + i);
                assertThat(find(keys, "known")).hasSize(1);
            }
        }
    }

    @Test
    void theIssuerIsAskedSeldomForThoseThatNobodyHas() throws Exception {
        answer("/keys", keys());
        server.start();
        try (IssuerKeys keys = new IssuerKeys(Issuer.withKeysAt(SETTING, base + "/keys"))) {
            awaitKnown(keys);
            int refused = 0;
            for (int i = 0; i < 200; i++) {
                refused += findNone(keys, "unknown" + i);
            }
            assertThat(refused).isPositive();
            assertThat(find(keys, "known")).hasSize(1);
            // Two in ten seconds, and the loop may begin in one ten and end in the next.
            assertThat(asked.get()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void areFetchedOnceTheIssuerIsThere() throws Exception {
        server.start();
        try (IssuerKeys keys = new IssuerKeys(Issuer.withKeysAt(SETTING, base + "/keys"))) {
            assertThatThrownBy(() -> find(keys, "known")).isInstanceOf(KeySourceException.class);
            answer("/keys", keys());
            awaitKnown(keys);
        }
    }

    @Test
    void anAnswerThatDripsInIsGivenUp() throws Exception {
        server.createContext("/keys", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            long began = System.nanoTime();
            // Longer than a fetch, each byte well within any time-out of a read.
            while (System.nanoTime() - began < Issuer.FETCH.multipliedBy(3).toNanos()) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
                sleep(Duration.ofMillis(100));
            }
            exchange.getResponseBody().write(keys().getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try (Issuer issuer = Issuer.withKeysAt(SETTING, base + "/keys")) {
            assertThatThrownBy(() -> fetch(issuer))
                    .isInstanceOf(KeySourceException.class)
                    .hasMessageContaining("it has not answered within");
        }
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"issuer.example", "ftp://issuer.example", "https://", "http://a b"})
    void whatIsNoPlaceOfAWebServerIsRefused(String uri) {
        assertThatThrownBy(() -> Issuer.named(SETTING, uri))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(SETTING + " must be a URI with http or https");
    }
}
