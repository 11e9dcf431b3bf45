package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;

/** JWTs: what they open, and that nothing that resembles one opens more. */
@SecuredService
class JwtTest {

    @LocalServerPort
    int port;

    private HttpApi with(String jwt) {
        return new HttpApi(port, "Authorization", "Bearer " + jwt);
    }

    private HttpApi with(JWTClaimsSet.Builder claims) {
        return with(TestIssuer.jwt(claims));
    }

    private Answer increment(HttpApi api, String key) {
        return api.post("/v1/keys/" + key + "/increment", null);
    }

    @Test
    void theRoleAndTheNameComeFromTheClaims() {
        HttpApi alice = with(TestIssuer.claims("alice", "patchkey-operator", "unrelated"));
        assertThat(increment(alice, "jwt.a").status()).isEqualTo(200);
        assertThat(alice.get("/v1/keys/jwt.a").body().get("changedBy").asString())
                .isEqualTo("jwt:alice");
        assertThat(alice.get("/v1/tokens").status()).isEqualTo(403);
        assertThat(with(TestIssuer.claims("bob", "patchkey-observer", "patchkey-admin"))
                        .get("/v1/tokens")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anAdminOfSomethingElseIsNobodyHere() {
        Answer answer = with(TestIssuer.claims("alice", "admin", "Patchkey-admin", "patchkey-", "patchkey-root"))
                .get("/v1/keys");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.detail()).contains("jwt:alice has none");
    }

    @Test
    void aNameThatATokenHasTooIsAnotherCaller() {
        String hold = "/v1/keys/jwt.confused/holds/";
        HttpApi jwtOps = with(TestIssuer.claims("ops", "patchkey-operator"));
        HttpApi tokenOps = new HttpApi(port, TestTokens.bearer("ops"));
        assertThat(jwtOps.put(hold + "ops", null).status()).isEqualTo(403);
        assertThat(tokenOps.put(hold + "jwt:ops", null).status()).isEqualTo(403);
        assertThat(jwtOps.put(hold + "jwt:ops", null).status()).isEqualTo(200);
        String[] key = {"Idempotency-Key", "jwt-confused"};
        tokenOps.post("/v1/keys/jwt.confused/increment", null, key);
        assertThat(jwtOps.post("/v1/keys/jwt.confused/increment", null, key)
                        .body()
                        .get("changed")
                        .asBoolean())
                .isTrue();
        assertThat(jwtOps.get("/v1/keys/jwt.confused").body().get("count").asInt())
                .isEqualTo(3);
    }

    @Test
    void whatIsExpiredOrNotYetGoodOrForAnotherOrByAnotherOpensNothing() {
        Instant now = Instant.now();
        Date early = Date.from(now.minus(Duration.ofMinutes(10)));
        Date late = Date.from(now.plus(Duration.ofMinutes(10)));
        for (JWTClaimsSet.Builder claims : List.of(
                TestIssuer.claims("alice", "patchkey-admin").expirationTime(early),
                TestIssuer.claims("alice", "patchkey-admin").expirationTime(null),
                TestIssuer.claims("alice", "patchkey-admin").notBeforeTime(late),
                TestIssuer.claims("alice", "patchkey-admin").audience("another-service"),
                TestIssuer.claims("alice", "patchkey-admin").audience((String) null),
                TestIssuer.claims("alice", "patchkey-admin").issuer("https://issuer.example/realms/other"),
                TestIssuer.claims("alice", "patchkey-admin").issuer(null))) {
            assertThat(with(claims).get("/v1/keys").status())
                    .as(claims.build().toString())
                    .isEqualTo(401);
        }
    }

    @Test
    void whatTheIssuerHasNotSignedOpensNothing() throws Exception {
        JWTClaimsSet.Builder claims = TestIssuer.claims("mallory", "patchkey-admin");
        String good = TestIssuer.jwt(claims);
        String unsigned = new PlainJWT(claims.build()).serialize();
        var stranger = TestIssuer.newKey("known");
        byte[] publicKey = TestIssuer.KEY.toRSAPublicKey().getEncoded();
        for (String forged : List.of(
                unsigned,
                unsigned + "x",
                good.substring(0, good.lastIndexOf('.') + 1),
                good.substring(0, good.length() - 8) + "AAAAAAAA",
                TestIssuer.jwt(claims, JWSAlgorithm.RS256, "known", TestIssuer.signer(stranger)),
                TestIssuer.jwt(claims, JWSAlgorithm.RS256, "unknown", TestIssuer.signer(stranger)),
                // The public key, which everybody has, taken for a shared secret.
                TestIssuer.jwt(claims, JWSAlgorithm.HS256, "known", new MACSigner(publicKey)),
                TestIssuer.jwt(claims, JWSAlgorithm.RS512, "known", TestIssuer.signer(TestIssuer.KEY)))) {
            Answer answer = with(forged).get("/v1/keys");
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.detail()).isEqualTo("The credentials in Authorization are not good");
        }
        assertThat(with(good).get("/v1/keys").status()).isEqualTo(200);
    }

    @Test
    void aSubjectOfAnyCharactersIsACallerOfItsOwn() {
        String hold = "/v1/keys/jwt.subjects/holds/";
        HttpApi pipe = with(TestIssuer.claims("auth0|abc123", "patchkey-operator"));
        HttpApi same = with(TestIssuer.claims("auth0@7Cabc123", "patchkey-operator"));
        assertThat(pipe.put(hold + "jwt:auth0@7Cabc123:laptop", null).status()).isEqualTo(200);
        assertThat(pipe.get("/v1/keys/jwt.subjects").body().get("changedBy").asString())
                .isEqualTo("jwt:auth0@7Cabc123");
        assertThat(same.put(hold + "jwt:auth0@7Cabc123:laptop", null).status()).isEqualTo(403);
        assertThat(same.put(hold + "jwt:auth0@407Cabc123", null).status()).isEqualTo(200);
        // A colon in a subject makes it nobody's that stands before it.
        HttpApi colon = with(TestIssuer.claims("alice:laptop", "patchkey-operator"));
        assertThat(colon.put(hold + "jwt:alice:laptop", null).status()).isEqualTo(403);
        assertThat(colon.put(hold + "jwt:alice@3Alaptop", null).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "65", "bytes"})
    void aNameThatIsNoneOrTooLongOpensNothing(String what) {
        String subject = what.equals("65") ? "x".repeat(65) : what.isEmpty() ? "" : "\u00e9".repeat(11);
        assertThat(with(TestIssuer.claims(subject, "patchkey-admin"))
                        .get("/v1/keys")
                        .status())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "JWT,200",
        "jwt,200",
        ",200",
        "at+jwt,200",
        "AT+JWT,200",
        "application/at+jwt,200",
        "id+jwt,401",
        "dpop+jwt,401",
        "secevent+jwt,401",
        "at+jwt2,401",
    })
    void accessTokensAreTakenByTheirTypeAndWhatIsMadeForSomethingElseIsNot(@Nullable String type, int status) {
        String jwt = TestIssuer.ofType(TestIssuer.claims("alice", "patchkey-observer"), type);
        assertThat(with(jwt).get("/v1/keys").status()).isEqualTo(status);
    }

    @Test
    void theKeysComeFromTheirClaimAndWithoutItThereAreNone() {
        HttpApi team = with(TestIssuer.claims("carol", "patchkey-operator")
                .claim("patchkey_prefixes", List.of("team-c.", "Not-A-Prefix", 5)));
        assertThat(increment(team, "team-c.x").status()).isEqualTo(200);
        assertThat(increment(team, "team-d.x").status()).isEqualTo(403);
        for (Object none : List.of(List.of(), "", Map.of("*", "*"), true)) {
            HttpApi nothing = with(TestIssuer.claims("carol", "patchkey-admin").claim("patchkey_prefixes", none));
            assertThat(increment(nothing, "team-c.x").status())
                    .as(String.valueOf(none))
                    .isEqualTo(403);
            assertThat(nothing.get("/v1/keys").status()).isEqualTo(403);
        }
        JWTClaimsSet.Builder without =
                TestIssuer.claims("carol", "patchkey-admin").claim("patchkey_prefixes", null);
        assertThat(with(without).get("/v1/keys").status()).isEqualTo(403);
    }

    @Test
    void whatMayBeReadBesidesComesFromItsOwnClaim() {
        with(TestIssuer.claims("carol", "patchkey-operator")).post("/v1/keys/team-d.r/increment", null);
        HttpApi team = with(TestIssuer.claims("carol", "patchkey-operator")
                .claim("patchkey_prefixes", List.of("team-c."))
                .claim("patchkey_reads", List.of("team-d.")));
        assertThat(increment(team, "team-c.r").status()).isEqualTo(200);
        assertThat(increment(team, "team-d.r").status()).isEqualTo(403);
        assertThat(team.get("/v1/keys/team-d.r").status()).isEqualTo(200);
        assertThat(team.get("/v1/keys/team-e.r").status()).isEqualTo(403);
    }

    @Test
    void aClaimOfAnotherShapeGivesNoRole() {
        for (Object shape : List.of(Map.of("patchkey-admin", true), List.of(List.of("patchkey-admin")), 5)) {
            assertThat(with(TestIssuer.claims("carol").claim("realm_access", Map.of("roles", shape)))
                            .get("/v1/keys")
                            .status())
                    .isEqualTo(403);
        }
        assertThat(with(TestIssuer.claims("carol").claim("realm_access", "patchkey-admin"))
                        .get("/v1/keys")
                        .status())
                .isEqualTo(403);
    }
}
