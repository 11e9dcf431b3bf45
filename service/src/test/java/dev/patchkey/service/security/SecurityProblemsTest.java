package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.patchkey.service.limits.Rates;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import tools.jackson.databind.json.JsonMapper;

/** What the filters answer where no running service can be brought to it in a moment. */
class SecurityProblemsTest {

    @Test
    void anIssuerThatCannotBeAskedIsNoFaultOfTheCaller() throws Exception {
        // Nothing listens on port 1.
        JwtAuthenticationProvider jwts = new JwtAuthenticationProvider(
                NimbusJwtDecoder.withJwkSetUri("http://127.0.0.1:1/keys").build());
        AuthenticationServiceException failure = catchThrowableOfType(
                AuthenticationServiceException.class,
                () -> jwts.authenticate(new BearerTokenAuthenticationToken(
                        TestIssuer.jwt(TestIssuer.claims("alice", "patchkey-admin")))));
        Rates failures = Rates.of(1, Duration.ofMinutes(1), 1);
        SecurityProblems problems =
                new SecurityProblems(new JsonMapper(), failures, new Refusals(new SimpleMeterRegistry()));
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.addHeader("Authorization", "Bearer x");
        for (int i = 0; i < 3; i++) {
            MockHttpServletResponse response = new MockHttpServletResponse();
            problems.commence(request, response, failure);
            assertThat(response.getStatus()).isEqualTo(503);
            assertThat(response.getHeader("Retry-After")).isEqualTo("5");
            assertThat(response.getContentAsString()).contains("urn:patchkey:problem:issuer-unavailable");
        }
        MockHttpServletResponse response = new MockHttpServletResponse();
        problems.commence(request, response, new InvalidBearerTokenException("not known"));
        assertThat(response.getStatus()).as("the first that counts").isEqualTo(401);
    }
}
