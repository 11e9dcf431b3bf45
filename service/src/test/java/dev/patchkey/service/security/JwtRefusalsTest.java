package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.patchkey.service.security.SecurityProperties.JwtSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;

/** Why a JWT is refused stands in the log, or nobody could mend it: by the rule, rarely, and without the JWT. */
@ExtendWith(OutputCaptureExtension.class)
class JwtRefusalsTest {

    private static final JwtSettings SETTINGS =
            new JwtSettings("realm_access.roles", "patchkey-", "sub", "patchkey_prefixes", "patchkey_reads");

    private final AtomicLong now = new AtomicLong();
    private final JwtRefusals refusals = new JwtRefusals(now::get);
    private final JwtDecoder decoder = decoder();
    private final JwtCallers callers = new JwtCallers(SETTINGS, refusals);

    private JwtDecoder decoder() {
        OAuth2ResourceServerProperties.Jwt settings = new OAuth2ResourceServerProperties.Jwt();
        settings.setIssuerUri(TestIssuer.ISSUER);
        settings.setAudiences(List.of(TestIssuer.AUDIENCE));
        return IssuerJwts.decoder(new ImmutableJWKSet<>(new JWKSet(TestIssuer.KEY.toPublicJWK())), settings, refusals);
    }

    private Caller read(String jwt) {
        return callers.convert(decoder.decode(jwt)).caller();
    }

    private static List<String> lines(CapturedOutput output) {
        return output.getAll()
                .lines()
                .filter(line -> line.contains("JWTs refused"))
                .toList();
    }

    private static JWTClaimsSet.Builder claims() {
        return TestIssuer.claims("alice", "patchkey-admin");
    }

    static Stream<Arguments> refused() {
        Instant now = Instant.now();
        Date early = Date.from(now.minus(Duration.ofMinutes(10)));
        Date earlier = Date.from(now.minus(Duration.ofMinutes(20)));
        Date late = Date.from(now.plus(Duration.ofMinutes(10)));
        return Stream.of(
                Arguments.of(
                        "algorithm",
                        "jws-algorithms",
                        TestIssuer.jwt(claims(), JWSAlgorithm.RS512, "known", TestIssuer.signer(TestIssuer.KEY))),
                Arguments.of("key", "alg and kid", TestIssuer.ofUnknownKey()),
                Arguments.of("type", "JWT, at+jwt", TestIssuer.ofType(claims(), "secevent+jwt")),
                Arguments.of(
                        "time",
                        "exp and nbf",
                        TestIssuer.jwt(claims().issueTime(earlier).expirationTime(early))),
                Arguments.of("time", "exp and nbf", TestIssuer.jwt(claims().notBeforeTime(late))),
                Arguments.of("time", "exp must be there", TestIssuer.jwt(claims().expirationTime(null))),
                Arguments.of("issuer", "iss must be", TestIssuer.jwt(claims().issuer("https://stranger.example"))),
                Arguments.of("audience", "aud must have", TestIssuer.jwt(claims().audience("stranger"))),
                Arguments.of(
                        "binding",
                        "cnf must be",
                        TestIssuer.jwt(claims().claim("cnf", Map.of("x5t#S256", "stranger")))),
                Arguments.of("name", "sub must be a text of 1 to 64", TestIssuer.jwt(claims().subject(null))),
                Arguments.of("name", "sub must be a text of 1 to 64", TestIssuer.jwt(claims().subject(""))),
                Arguments.of("name", "sub must be a text of 1 to 64", TestIssuer.jwt(claims().subject("x".repeat(65)))),
                Arguments.of("name", "sub must be a text of 1 to 64", TestIssuer.jwt(claims().subject("|".repeat(22)))),
                Arguments.of(
                        "prefixes",
                        "patchkey_prefixes must have at most 100 values, each of at most 128",
                        TestIssuer.jwt(claims().claim("patchkey_prefixes", numbered(101)))),
                Arguments.of(
                        "prefixes",
                        "patchkey_reads must have at most 100",
                        TestIssuer.jwt(claims().claim("patchkey_reads", String.join(" ", numbered(101))))),
                Arguments.of(
                        "prefixes",
                        "patchkey_prefixes must have at most 100",
                        TestIssuer.jwt(claims().claim("patchkey_prefixes", List.of("a.", "x".repeat(129))))));
    }

    private static List<String> numbered(int values) {
        return IntStream.range(0, values).mapToObj(i -> "team-" + i + ".").toList();
    }

    @ParameterizedTest
    @MethodSource("refused")
    void theLogNamesTheRuleThatAJwtBreaksAndNotTheJwt(String reason, String rule, String jwt, CapturedOutput output) {
        assertThatThrownBy(() -> read(jwt)).isInstanceOfAny(JwtException.class, AuthenticationException.class);
        assertThat(lines(output))
                .singleElement()
                .asString()
                .contains("refused for their " + reason + " ", ": 1.", rule);
        assertThat(output.getAll()).doesNotContain("eyJ", "alice", "stranger", "secevent", "xxxx", "||");
    }

    @Test
    void aJwtThatIsGoodIsNotSpokenOf(CapturedOutput output) {
        assertThat(read(TestIssuer.jwt(claims())).name()).isEqualTo("jwt:alice");
        assertThat(lines(output)).isEmpty();
    }

    @Test
    void asManyPrefixesAreTakenAsSettingsMayHave() {
        Caller caller = read(TestIssuer.jwt(claims().claim("patchkey_prefixes", numbered(100))
                .claim("patchkey_reads", List.of("x".repeat(128), "openid-and-Others"))));
        assertThat(caller.prefixes()).hasSize(100);
        assertThat(caller.readable()).hasSize(101);
    }

    @Test
    void halfOfACharacterIsNoName(CapturedOutput output) {
        Jwt jwt = Jwt.withTokenValue("x")
                .header("alg", "RS256")
                .subject("\ud800")
                .expiresAt(Instant.now().plusSeconds(60))
                .build();
        assertThatThrownBy(() -> callers.convert(jwt)).isInstanceOf(AuthenticationException.class);
        assertThat(lines(output)).singleElement().asString().contains("sub must be");
    }

    @Test
    void eachReasonHasOneLineInAMinuteWithTheirNumber(CapturedOutput output) {
        String other = TestIssuer.jwt(claims().audience("stranger"));
        String nameless = TestIssuer.jwt(claims().subject(null));
        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> read(other)).isInstanceOf(JwtException.class);
            assertThatThrownBy(() -> read(nameless)).isInstanceOf(AuthenticationException.class);
        }
        assertThat(lines(output)).hasSize(2);
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThatThrownBy(() -> read(other)).isInstanceOf(JwtException.class);
        assertThat(lines(output)).hasSize(3).last().asString().contains("audience", "said: 100.");
    }
}
