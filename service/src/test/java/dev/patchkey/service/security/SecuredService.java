package dev.patchkey.service.security;

import dev.patchkey.service.PatchkeyService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfiguration;

/** The whole service, closed: with tokens of each role, a file with more, and an issuer of JWTs. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
        classes = PatchkeyService.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.datasource.url=jdbc:h2:file:./target/test-data/${random.uuid}/patchkey;WRITE_DELAY=0",
            "patchkey.cluster.name=${random.uuid}",
            // All failures come from one address here; LimitsTest has its own service.
            "patchkey.limits.failures-per-minute=0",
            "patchkey.limits.requests-at-once=" + SecuredService.AT_ONCE,
            "management.endpoints.web.exposure.include=*"
        })
@ContextConfiguration(initializers = SecuredService.Callers.class)
public @interface SecuredService {

    /** More than a test has under way but by the one that means to. */
    int AT_ONCE = 8;

    /** A hash of what is no token by its form. */
    String PASSWORD = "correct-horse-battery-staple";

    /** Configures who is known. */
    class Callers implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        /** Changed by tests, each of which puts its own callers in. */
        public static final Path FILE = newFile();

        private final List<String> properties = new ArrayList<>();
        private int tokens;

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            token("watcher", "observer", "*");
            token("checkout", "node", "*");
            token("billing", "node", "*");
            token("ops", "operator", "*");
            token("root", "admin", "*");
            token("many", "operator", "*");
            token("team-a", "operator", "team-a.");
            token("team-ab", "observer", "team-a.,team-b.");
            token("team-a-node", "node", "team-a.");
            token("team-a-reads", "operator", "team-a.", "*");
            token("team-a-mirrors", "node", "team-a.", "team-");
            String weak = "patchkey.security.tokens[" + tokens + "].";
            properties.add(weak + "name=weak");
            properties.add(weak + "role=admin");
            properties.add(weak + "prefixes=*");
            properties.add(weak + "hashes=" + TestTokens.hash(PASSWORD));
            properties.add("patchkey.security.tokens-file=" + FILE);
            properties.add("patchkey.security.tokens-file-check=100ms");
            properties.add("spring.security.oauth2.resourceserver.jwt.jwk-set-uri=" + TestIssuer.keys());
            properties.add("spring.security.oauth2.resourceserver.jwt.issuer-uri=" + TestIssuer.ISSUER);
            properties.add("spring.security.oauth2.resourceserver.jwt.audiences=" + TestIssuer.AUDIENCE);
            properties.add("patchkey.security.jwt.role-claim=realm_access.roles");
            properties.add("patchkey.security.jwt.prefixes-claim=patchkey_prefixes");
            properties.add("patchkey.security.jwt.read-prefixes-claim=patchkey_reads");
            TestPropertyValues.of(properties).applyTo(context);
        }

        private void token(String name, String role, String prefixes, String readPrefixes) {
            properties.add("patchkey.security.tokens[" + tokens + "].read-prefixes=" + readPrefixes);
            token(name, role, prefixes);
        }

        private void token(String name, String role, String prefixes) {
            String token = "patchkey.security.tokens[" + tokens++ + "].";
            properties.add(token + "name=" + name);
            properties.add(token + "role=" + role);
            properties.add(token + "hashes=" + TestTokens.hash(TestTokens.token(name)));
            properties.add(token + "prefixes=" + prefixes);
        }

        private static Path newFile() {
            try {
                Path file = Files.createTempDirectory("patchkey-tokens").resolve("tokens.yaml");
                Files.writeString(file, "tokens: []\n");
                return file;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Replaces the file at once, as the mount of a secret does. */
        public static void write(String yaml) {
            try {
                Path next = Files.writeString(FILE.resolveSibling("next"), yaml);
                Files.move(next, FILE, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
