package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
import dev.patchkey.service.tls.TestCertificates;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/** A client certificate is good until it ends, also for a connection that began before. */
class CertificatesTest {

    private final X509Certificate shown = TestCertificates.get().certificate("checkout");
    private final Instant end = shown.getNotAfter().toInstant();
    private final AtomicReference<Instant> now = new AtomicReference<>(end.minusMillis(1));
    private final Credentials credentials = new Credentials(Tokens.NONE, null, Duration.ofSeconds(5), now::get);
    private final Certificates certificates = new Certificates(
            "x",
            List.of(new CertificateSettings(
                    "CN=checkout,OU=Shop,O=Example", "checkout", "node", List.of("shop."), List.of())));

    @AfterEach
    void nobody() {
        SecurityContextHolder.clearContext();
        credentials.close();
    }

    @Test
    void aConnectionStandsUntilTheCertificateEnds() {
        Caller caller = Objects.requireNonNull(certificates.find(shown));
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

    private @Nullable Authentication whoAsks() throws Exception {
        MockHttpServletRequest request = new MockHttpServletRequest("GET", "/v1/keys");
        request.setAttribute("jakarta.servlet.request.X509Certificate", new X509Certificate[] {shown});
        List<@Nullable Authentication> seen = new ArrayList<>();
        new CertificateFilter(certificates, credentials)
                .doFilter(
                        request,
                        new MockHttpServletResponse(),
                        (in, out) -> seen.add(SecurityContextHolder.getContext().getAuthentication()));
        assertThat(seen).hasSize(1);
        return seen.getFirst();
    }
}
