package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Misuse fails at once, naming the argument and the rule. */
class BuilderTest {

    private static Patchkey.Builder builder() {
        return Patchkey.builder(URI.create("http://localhost:8080"));
    }

    @Test
    @SuppressWarnings("NullAway") // it is what is tested
    void aNullArgumentIsNamed() {
        Map<String, ThrowingCallable> calls = Map.ofEntries(
                Map.entry("service", () -> Patchkey.builder(null)),
                Map.entry("id", () -> builder().node(null)),
                Map.entry("name", () -> builder().application(null)),
                Map.entry("version", () -> builder().applicationVersion(null)),
                Map.entry("prefixes", () -> builder().prefixes(null)),
                Map.entry("policy", () -> builder().stalePolicy(null)),
                Map.entry("key", () -> builder().stalePolicy(null, StalePolicy.HOLD)),
                Map.entry("acquireTimeout", () -> builder().acquireTimeout(null)),
                Map.entry("connectTimeout", () -> builder().connectTimeout(null)),
                Map.entry("requestTimeout", () -> builder().requestTimeout(null)),
                Map.entry("linger", () -> builder().linger(null)),
                Map.entry("token", () -> builder().bearerToken(null)),
                Map.entry("logger", () -> builder().logger(null)));
        calls.forEach((argument, call) -> assertThatThrownBy(call)
                .as(argument)
                .isInstanceOf(NullPointerException.class)
                .hasMessage(argument));
    }

    @Test
    @SuppressWarnings("NullAway") // it is what is tested
    void aNullArgumentOfANodeIsNamed() {
        try (Patchkey node = Patchkey.builder(URI.create("http://127.0.0.1:1"))
                .logger(Quiet.LOGGER)
                .start()) {
            assertThatThrownBy(() -> node.acquire(null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("key");
            assertThatThrownBy(() -> node.acquire(NodeTest.newKey("null"), null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("timeout");
            assertThatThrownBy(() -> node.awaitReady(null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("timeout");
            assertThatThrownBy(() -> builder().start())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("another Patchkey is open in this JVM; close it first");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://localhost",
                "http:localhost",
                "localhost:8080",
                "http://localhost:0",
                "http://localhost:65536",
                "http://localhost?a=b",
                "http://localhost#a"
            })
    void aServiceThatIsNoneIsRefused(String uri) {
        assertThatThrownBy(() -> Patchkey.builder(URI.create(uri)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("service");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://user:secret@localhost", "https://secret@localhost", "http://user:secret@local_host:1"})
    void aServiceWithAUserIsRefusedAndNotQuoted(String uri) {
        assertThatThrownBy(() -> Patchkey.builder(URI.create(uri)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("user")
                .hasMessageNotContaining("secret");
    }

    @Test
    void theSchemeIsComparedWithoutCase() {
        NodeBuilder builder = (NodeBuilder) Patchkey.builder(URI.create("HTTPS://localhost:65535/at"));
        assertThat(builder.config().services()).containsExactly(URI.create("https://localhost:65535/at/"));
    }

    @Test
    void textForPeopleIsAsTheServiceTakesIt() {
        String face = new String(Character.toChars(0x1F600));
        assertThatCode(() -> builder().application("Größe " + face)).doesNotThrowAnyException();
        assertThatCode(() -> builder().application(face.repeat(64))).doesNotThrowAnyException();
        for (String refused : new String[] {
            "", "x".repeat(129), face.repeat(65), "a\nb", "a\u0085b", "a\u2028b", "a\u2029b", face.substring(1)
        }) {
            assertThatThrownBy(() -> builder().application(refused))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("application must be 1 to 128 characters");
            assertThatThrownBy(() -> builder().applicationVersion(refused))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("applicationVersion must be 1 to 128 characters");
        }
    }
}
