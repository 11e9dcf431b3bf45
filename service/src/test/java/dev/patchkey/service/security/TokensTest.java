package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.refcount.KeyName;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Tokens as they are configured, and as they change. */
@ExtendWith(OutputCaptureExtension.class)
class TokensTest {

    private static final Callers NOBODY = new Callers(Tokens.NONE, Certificates.NONE);
    private static final String ONE = TestTokens.token("one");
    private static final String TWO = TestTokens.token("two");

    private static String yaml(String name, String role, String... tokens) {
        String form = "tokens:\n  - name: %s\n    role: %s\n    prefixes: ['*']\n    hashes:\n";
        StringBuilder text = new StringBuilder(form.formatted(name, role));
        for (String token : tokens) {
            text.append("      - ").append(TestTokens.hash(token)).append('\n');
        }
        return text.toString();
    }

    private static Credentials watching(Path file) {
        return new Credentials(NOBODY, false, file, Duration.ofMillis(20), InstantSource.system());
    }

    @Test
    void aTokenIsRotatedWithoutARestartAndTwoAreGoodMeanwhile(@TempDir Path directory) throws Exception {
        // As Kubernetes mounts a secret: the file is a link to one in a directory that is replaced by a link.
        Path first = Files.createDirectory(directory.resolve("first"));
        Path second = Files.createDirectory(directory.resolve("second"));
        Path third = Files.createDirectory(directory.resolve("third"));
        Files.writeString(first.resolve("tokens.yaml"), yaml("ops", "operator", ONE));
        Files.writeString(second.resolve("tokens.yaml"), yaml("ops", "operator", ONE, TWO));
        Files.writeString(third.resolve("tokens.yaml"), yaml("ops", "operator", TWO));
        Path data = directory.resolve("..data");
        Files.createSymbolicLink(data, first);
        Path file = Files.createSymbolicLink(directory.resolve("tokens.yaml"), Path.of("..data/tokens.yaml"));
        try (Credentials credentials = watching(file)) {
            Caller ops = Objects.requireNonNull(credentials.find(ONE));
            assertThat(credentials.find(TWO)).isNull();

            relink(data, second);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(credentials.find(TWO)).isNotNull());
            assertThat(credentials.find(ONE)).isEqualTo(ops);
            assertThat(credentials.areGood(ops)).isTrue();

            relink(data, third);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(credentials.find(ONE)).isNull());
            assertThat(credentials.areGood(ops))
                    .as("whoever still is connected by it")
                    .isFalse();
            assertThat(credentials.find(TWO)).isNotNull();
        }
    }

    private static void relink(Path link, Path target) throws Exception {
        Path next = Files.createSymbolicLink(link.resolveSibling("..next"), target);
        Files.move(next, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aBrokenNewVersionIsLoggedWithoutItsContentAndTheOldOneStays(@TempDir Path directory, CapturedOutput output)
            throws Exception {
        Path file = directory.resolve("tokens.yaml");
        Files.writeString(file, yaml("ops", "operator", ONE));
        try (Credentials credentials = watching(file)) {
            Files.writeString(file, "tokens: [{name: ops, role: operator, prefixes: [a], hashes: [" + TWO + "]}]\n");
            Awaitility.await().untilAsserted(() -> assertThat(output.getAll()).contains("tokens[0].hashes must be"));
            assertThat(credentials.find(ONE)).isNotNull();
            Files.writeString(file, "tokens: [secret-of-" + TWO + "\n  : :\n");
            Awaitility.await().untilAsserted(() -> assertThat(output.getAll()).contains("must be YAML"));
            Files.delete(file);
            Awaitility.await().untilAsserted(() -> assertThat(output.getAll()).contains("cannot be read"));
            assertThat(credentials.find(ONE)).isNotNull();
            Files.writeString(file, yaml("ops", "admin", ONE));
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(credentials.known().getFirst().role()).isEqualTo(Role.ADMIN));
        }
        assertThat(output.getAll()).doesNotContain(TWO).doesNotContain("secret-of");
    }

    /** Half of a file may break no rule, and name other prefixes or fewer callers. */
    @Test
    void whatIsStillBeingWrittenIsNotTaken(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("tokens.yaml");
        Files.writeString(file, yaml("ops", "operator", ONE));
        try (Credentials credentials =
                new Credentials(NOBODY, false, file, Duration.ofHours(1), InstantSource.system())) {
            String half = yaml("ops", "operator", TWO);
            Files.writeString(file, half);
            credentials.look();
            assertThat(credentials.find(TWO)).isNull();
            Files.writeString(file, half.replace("operator", "admin"));
            credentials.look();
            assertThat(credentials.find(TWO)).isNull();
            assertThat(credentials.find(ONE)).isNotNull();
            credentials.look();
            assertThat(credentials.find(TWO)).isNotNull();
            assertThat(credentials.find(ONE)).isNull();
        }
    }

    @Test
    void theAgeOfTheFileGrowsWhileItIsBrokenAndNoLonger(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("tokens.yaml");
        Files.writeString(file, yaml("ops", "operator", ONE));
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (Credentials credentials = watching(file)) {
            credentials.showFile(registry);
            TimeGauge age = registry.get("patchkey.security.tokens.file.age").timeGauge();
            // Far more than the 20 ms after which it is looked at again.
            double old = 1000;
            Files.writeString(file, "tokens: none");
            Awaitility.await().until(() -> age.value(TimeUnit.MILLISECONDS) > old);
            Files.writeString(file, yaml("ops", "operator", ONE));
            Awaitility.await().until(() -> age.value(TimeUnit.MILLISECONDS) < old);
            Files.delete(file);
            Awaitility.await().until(() -> age.value(TimeUnit.MILLISECONDS) > old);
            // The same content as before.
            Files.writeString(file, yaml("ops", "operator", ONE));
            Awaitility.await().until(() -> age.value(TimeUnit.MILLISECONDS) < old);
        }
    }

    @Test
    void aCallerWhoseRightsHaveChangedMustComeInAgain(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("tokens.yaml");
        Files.writeString(file, yaml("ops", "operator", ONE));
        try (Credentials credentials = watching(file)) {
            Caller before = Objects.requireNonNull(credentials.find(ONE));
            Files.writeString(file, yaml("ops", "observer", ONE));
            Awaitility.await()
                    .untilAsserted(() -> assertThat(credentials.areGood(before)).isFalse());
        }
    }

    @Test
    void aCredentialThatEndsIsGoodNoLonger() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
        try (Credentials credentials = new Credentials(NOBODY, false, null, Duration.ofSeconds(5), now::get)) {
            Prefixes keys = new Prefixes(List.of("*"), List.of());
            Caller jwt = Caller.ofJwt("alice", List.of(Role.NODE), keys, Instant.EPOCH.plusSeconds(10));
            assertThat(credentials.areGood(jwt)).isTrue();
            now.set(Instant.EPOCH.plusSeconds(10));
            assertThat(credentials.areGood(jwt)).isFalse();
            assertThat(credentials.areGood(Caller.EVERYBODY)).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|must have the field tokens or certificates",
                "[]|must have the field tokens or certificates",
                "{}|must have the field tokens or certificates",
                "tokens: x|tokens must be a list",
                "{tokens: [], certificates: }|certificates must be a list",
                "{tokens: [], more: 1}|must have the field tokens or certificates",
                "certificates: [{name: a, hashes: []}]|certificates[0] must have no fields but subject, name, role",
                "certificates: [{name: a, role: node, prefixes: [a]}]|certificates[0].subject must be a distinguished name",
                "certificates: [{subject: CN=a, name: a, role: node}]|certificates[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, hash: x}]|tokens[0] must have no fields but name, role, hashes, prefixes",
                "tokens: [{name: a, role: node, prefixs: [team]}]|tokens[0] must have no fields but",
                "tokens: [a]|tokens[0] must have no fields but",
                "tokens: [{name: 5, role: node}]|tokens[0].name must be a text",
                "tokens: [{name: a, role: node, hashes: x}]|tokens[0].hashes must be a list",
                "tokens: [{name: a, role: node, hashes: [null]}]|tokens[0].hashes must have no empty element",
                "tokens: [{name: a, name: b}]|must be YAML without doubled fields; line 1",
                "tokens: [{name: a, role: root, hashes: []}]|tokens[0].role must be observer, node, operator or admin",
                "tokens: [{name: a, role: node, prefixes: [a], hashes: []}]|tokens[0].hashes must be 1 to 10 hashes",
                "tokens: [{name: a, role: node, prefixes: [a], hashes: [sha256:xyz]}]|tokens[0].hashes must be 1 to 10 hashes",
                "tokens: [{name: a:b, role: node}]|tokens[0].name must be 1 to 64 characters",
                "tokens: [{name: jwt, role: node}]|tokens[0].name must be 1 to 64 characters",
                "tokens: [{name: anonymous, role: node}]|tokens[0].name must be 1 to 64 characters",
                "tokens: [{name: a, role: operator}]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: admin, prefixes: }]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, prefixes: []}]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, prefixes: [Team]}]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, prefixes: [team*]}]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, prefixes: ['']}]|tokens[0].prefixes must be 1 to 100",
                "tokens: [{name: a, role: node, prefixes: team}]|tokens[0].prefixes must be a list",
                "tokens: [{name: a, role: node, prefixes: [a], read-prefixes: ['']}]|tokens[0].read-prefixes must be 0 to 100",
                "tokens: [{name: a, role: node, read-prefixes: ['*']}]|tokens[0].prefixes must be 1 to 100",
                "tokens: !!java.net.URL [\"http://127.0.0.1/\"]|must be YAML",
                "tokens: &a [*a]|must",
            })
    void aFileThatBreaksARuleIsRefusedByTheRule(String text, String rule) {
        assertThatThrownBy(() -> TokensFile.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("patchkey.security.tokens-file")
                .hasMessageContaining(rule);
    }

    private static TokenSettings token(String name, String role, List<String> hashes, String... prefixes) {
        return new TokenSettings(name, role, hashes, List.of(prefixes), List.of());
    }

    @Test
    void aStarIsAllKeysAndNothingElseIs() {
        List<String> hashes = List.of(TestTokens.hash(ONE));
        KeyName key = new KeyName("team-b.x");
        Caller all = Tokens.of("x", List.of(token("a", "operator", hashes, "team-a.", "*")))
                .find(ONE);
        assertThat(Objects.requireNonNull(all).mayChange(key)).isTrue();
        Caller team = Tokens.of("x", List.of(token("a", "operator", hashes, "team-a.")))
                .find(ONE);
        assertThat(Objects.requireNonNull(team).mayChange(key)).isFalse();
        assertThatThrownBy(() -> Tokens.of("x", List.of(token("a", "operator", hashes))))
                .hasMessageStartingWith("x[0].prefixes must be 1 to 100")
                .hasMessageEndingWith("or '*' for all keys");
    }

    @Test
    void whatMayBeReadBesidesMayNotBeChanged() {
        Caller team = TokensFile.parse("tokens: [{name: a, role: operator, prefixes: [team-a.], read-prefixes: [team-],"
                        + " hashes: ['" + TestTokens.hash(ONE) + "']}]")
                .tokens()
                .find(ONE);
        KeyName other = new KeyName("team-b.x");
        assertThat(Objects.requireNonNull(team).mayRead(other)).isTrue();
        assertThat(team.mayChange(other)).isFalse();
        assertThat(team.mayRead(new KeyName("x"))).isFalse();
        assertThat(team.within("")).containsExactly("team-");
        assertThat(team.mayChange(new KeyName("team-a.x"))).isTrue();
    }

    @Test
    void oneTokenIsOneCallers() {
        String hash = TestTokens.hash(ONE);
        List<String> hashes = List.of(hash);
        assertThatThrownBy(() ->
                        Tokens.of("x", List.of(token("a", "node", hashes, "*"), token("b", "admin", hashes, "*"))))
                .hasMessageContaining("no hash that was given before");
        Tokens a = Tokens.of("x", List.of(token("a", "node", hashes, "*")));
        Tokens b = Tokens.of("x", List.of(token("b", "admin", hashes, "*")));
        assertThatThrownBy(() -> a.and(b, "y")).hasMessageContaining("no name and no hash");
        assertThatThrownBy(() -> Tokens.of(
                        "x",
                        List.of(
                                token("a", "node", hashes, "*"),
                                token("a", "admin", List.of(TestTokens.hash(TWO)), "*"))))
                .hasMessageContaining("given once");
    }

    @Test
    void aCallerShowsNoCredential() {
        Tokens tokens = Tokens.of("x", List.of(token("a", "node", List.of(TestTokens.hash(ONE)), "*")));
        assertThat(String.valueOf(tokens.find(ONE))).contains("a").doesNotContain("sha256");
    }
}
