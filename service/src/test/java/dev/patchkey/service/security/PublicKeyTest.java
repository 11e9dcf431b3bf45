package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.web.HttpApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.FileSystemResource;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** JWTs of an issuer that cannot be asked: its key is configured. */
@SpringBootTest(
        classes = PatchkeyService.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.datasource.url=jdbc:h2:file:./target/test-data/${random.uuid}/patchkey;WRITE_DELAY=0",
            "patchkey.cluster.name=${random.uuid}",
            "spring.security.oauth2.resourceserver.jwt.audiences=" + TestIssuer.AUDIENCE,
            "patchkey.security.jwt.role-claim=realm_access.roles",
            "patchkey.security.jwt.prefixes-claim=patchkey_prefixes",
        })
class PublicKeyTest {

    @LocalServerPort
    int port;

    @DynamicPropertySource
    static void key(DynamicPropertyRegistry registry) {
        registry.add("spring.security.oauth2.resourceserver.jwt.public-key-location", () -> "file:" + pem());
    }

    private static Path pem() {
        try {
            String key = Base64.getMimeEncoder()
                    .encodeToString(TestIssuer.KEY.toRSAPublicKey().getEncoded());
            return Files.writeString(
                    Files.createTempFile("patchkey", ".pem"),
                    "-----BEGIN PUBLIC KEY-----\n" + key + "\n-----END PUBLIC KEY-----\n");
        } catch (IOException | JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private int ask(String jwt) {
        return new HttpApi(port, "Authorization", "Bearer " + jwt)
                .get("/v1/keys")
                .status();
    }

    @Test
    void whatTheKeyHasSignedIsTakenWhateverItCallsTheKey() {
        assertThat(ask(TestIssuer.good("alice", "observer"))).isEqualTo(200);
        assertThat(ask(TestIssuer.ofType(TestIssuer.claims("alice", "patchkey-observer"), "at+jwt")))
                .isEqualTo(200);
        assertThat(ask(TestIssuer.ofAnotherSigner())).isEqualTo(401);
        assertThat(ask(TestIssuer.ofUnknownKey())).isEqualTo(401);
        assertThat(ask(TestIssuer.jwt(
                        TestIssuer.claims("alice", "patchkey-observer").audience("another-service"))))
                .isEqualTo(401);
    }

    @Test
    void aFileWithoutAKeyStopsTheStart() throws IOException {
        OAuth2ResourceServerProperties.Jwt settings = new OAuth2ResourceServerProperties.Jwt();
        for (Path file : new Path[] {Path.of("none.pem"), Files.writeString(Files.createTempFile("x", ".pem"), "x")}) {
            settings.setPublicKeyLocation(new FileSystemResource(file));
            assertThatThrownBy(() -> SingleKey.of(settings))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("jwt.public-key-location must be where an RSA public key is");
        }
    }
}
