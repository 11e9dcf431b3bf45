package dev.patchkey.service.tls;

import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.security.TestIssuer;
import dev.patchkey.service.security.TestTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfiguration;

/** The whole service over TLS on two ports, with client certificates, and with limits that a test can reach. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
        classes = PatchkeyService.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.datasource.url=jdbc:h2:file:./target/test-data/${random.uuid}/patchkey;WRITE_DELAY=0",
            "patchkey.cluster.name=${random.uuid}",
            "management.server.port=0",
            "management.server.address=127.0.0.1",
            "management.server.ssl.bundle=test",
            "server.ssl.bundle=test",
            "server.ssl.client-auth=want",
            "spring.ssl.bundle.watch.file.quiet-period=50ms",
            "spring.ssl.bundle.jks.test.reload-on-update=true",
            "spring.ssl.bundle.jks.test.keystore.type=PKCS12",
            "spring.ssl.bundle.jks.test.keystore.password=" + TestCertificates.PASSWORD,
            "spring.ssl.bundle.jks.test.truststore.type=PKCS12",
            "spring.ssl.bundle.jks.test.truststore.password=" + TestCertificates.PASSWORD,
            "patchkey.security.certificates[0].subject=CN=checkout,OU=Shop,O=Example",
            "patchkey.security.certificates[0].name=checkout",
            "patchkey.security.certificates[0].role=operator",
            "patchkey.security.certificates[0].prefixes=*",
            "patchkey.security.certificates[1].subject=spiffe://example.org/billing",
            "patchkey.security.certificates[1].name=billing",
            "patchkey.security.certificates[1].role=node",
            "patchkey.security.certificates[1].prefixes=*",
            "patchkey.security.jwt.role-claim=realm_access.roles",
            "patchkey.limits.requests-per-second=1",
            "patchkey.limits.burst=40",
            "patchkey.limits.failures-per-minute=20",
            "patchkey.limits.request-time=1s",
            // Above what all tests leave open.
            "patchkey.limits.connections-per-address=" + LimitsTest.CONNECTIONS,
            "server.jetty.max-connections=" + LimitsTest.ALL_CONNECTIONS,
            "patchkey.limits.watchers-per-caller=2",
            "patchkey.limits.nodes-per-caller=2"
        })
@ContextConfiguration(initializers = TlsService.Settings.class)
public @interface TlsService {

    /** Says where the certificates are, and whose tokens are good. */
    class Settings implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            TestCertificates certificates = TestCertificates.get();
            TestPropertyValues values = TestPropertyValues.of(
                    "spring.ssl.bundle.jks.test.keystore.location=file:" + certificates.served,
                    "spring.ssl.bundle.jks.test.truststore.location=file:" + certificates.trusted,
                    "spring.security.oauth2.resourceserver.jwt.jwk-set-uri=" + TestIssuer.keys(),
                    "spring.security.oauth2.resourceserver.jwt.audiences=" + TestIssuer.AUDIENCE,
                    "patchkey.security.jwt.prefixes-claim=*");
            String[] callers = {"busy:observer", "other:observer", "watching:observer", "fleet:node", "slow:operator"};
            for (int i = 0; i < callers.length; i++) {
                String[] caller = callers[i].split(":", 2);
                String token = "patchkey.security.tokens[" + i + "].";
                values = values.and(
                        token + "name=" + caller[0],
                        token + "role=" + caller[1],
                        token + "prefixes=*",
                        token + "hashes=" + TestTokens.hash(TestTokens.token(caller[0])));
            }
            values.and("patchkey.security.tokens-file=" + CALLERS, "patchkey.security.tokens-file-check=100ms")
                    .applyTo(context);
        }

        /** Changed by a test. */
        private static final Path CALLERS = write("tokens: []");

        /** Replaces what the file has at once, as the mount of a secret does. */
        static Path write(String yaml) {
            try {
                Path next = Files.writeString(Files.createTempFile("patchkey", ".yaml"), yaml);
                Path file = next.resolveSibling(
                        "patchkey-callers-" + ProcessHandle.current().pid() + ".yaml");
                return Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
