package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
import dev.patchkey.service.tls.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/** A client certificate is good until it ends, also for a connection that began before. */
class CertificatesTest {

    private static final String SUBJECT = "CN=checkout,OU=Shop,O=Example";

    private final X509Certificate shown = TestCertificates.get().certificate("checkout");
    private final Instant end = shown.getNotAfter().toInstant();
    private final AtomicReference<Instant> now = new AtomicReference<>(end.minusMillis(1));
    private final Credentials credentials = new Credentials(
            new Callers(Tokens.NONE, Certificates.of("x", List.of(checkout(SUBJECT)))),
            true,
            null,
            Duration.ofSeconds(5),
            now::get);

    private static CertificateSettings checkout(String subject) {
        return new CertificateSettings(subject, "checkout", "node", List.of("shop."), List.of());
    }

    @AfterEach
    void nobody() {
        SecurityContextHolder.clearContext();
        credentials.close();
    }

    @Test
    void aConnectionStandsUntilTheCertificateEnds() {
        Caller caller = Objects.requireNonNull(credentials.find(shown));
        assertThat(caller.name()).isEqualTo("checkout");
        assertThat(caller.prefixes()).containsExactly("shop.");
        assertThat(credentials.areGood(caller)).isTrue();
        now.set(end);
        assertThat(credentials.areGood(caller)).isFalse();
    }

    @Test
    void aRequestByAConnectionThatStandsIsNobodysWhenTheCertificateHasEnded() throws Exception {
        assertThat(whoAsks()).extracting(Authentication::getName).isEqualTo("checkout");
        SecurityContextHolder.clearContext();
        now.set(end);
        assertThat(whoAsks()).isNull();
    }

    private Credentials watching(Path file) {
        Callers nobody = new Callers(Tokens.NONE, Certificates.NONE);
        return new Credentials(nobody, true, file, Duration.ofMillis(20), now::get);
    }

    private static String yaml(String role) {
        return "certificates: [{subject: '%s', name: checkout, role: %s, prefixes: ['*']}]".formatted(SUBJECT, role);
    }

    @Test
    void whoIsTakenOffTheListOfTheFileIsGoodNoLonger(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("callers.yaml"), yaml("node"));
        try (Credentials watched = watching(file)) {
            Caller node = Objects.requireNonNull(watched.find(shown));
            assertThat(watched.areGood(node)).isTrue();
            Files.writeString(file, yaml("observer"));
            Awaitility.await()
                    .untilAsserted(() -> assertThat(watched.areGood(node)).isFalse());
            Caller observer = Objects.requireNonNull(watched.find(shown));
            assertThat(watched.areGood(observer)).isTrue();
            Files.writeString(file, "certificates: []");
            Awaitility.await()
                    .untilAsserted(() -> assertThat(watched.areGood(observer)).isFalse());
            assertThat(watched.find(shown)).isNull();
        }
    }

    @Test
    void theFileNamesCertificatesOnlyWhereThePortAsksForThem(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("callers.yaml"), yaml("node"));
        Callers nobody = new Callers(Tokens.NONE, Certificates.NONE);
        assertThatThrownBy(() -> new Credentials(nobody, false, file, Duration.ofSeconds(5), now::get))
                .hasMessageContaining("certificates must come with server.ssl.client-auth");
    }

    @Test
    void oneSubjectIsOneCallers() {
        assertThatThrownBy(() ->
                        Certificates.of("x", List.of(checkout(SUBJECT), checkout("cn=Checkout, ou=shop, o=example"))))
                .hasMessage("x[1].subject must be given once");
        Certificates one = Certificates.of("x", List.of(checkout(SUBJECT)));
        assertThatThrownBy(() -> one.and(one, "y")).hasMessageContaining("y must have no subject that");
    }

    private @Nullable Authentication whoAsks() throws Exception {
        MockHttpServletRequest request = new MockHttpServletRequest("GET", "/v1/keys");
        request.setAttribute("jakarta.servlet.request.X509Certificate", new X509Certificate[] {shown});
        List<@Nullable Authentication> seen = new ArrayList<>();
        new CertificateFilter(credentials)
                .doFilter(
                        request,
                        new MockHttpServletResponse(),
                        (in, out) -> seen.add(SecurityContextHolder.getContext().getAuthentication()));
        assertThat(seen).hasSize(1);
        return seen.getFirst();
    }
}
