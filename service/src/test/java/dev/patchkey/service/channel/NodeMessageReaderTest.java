package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class NodeMessageReaderTest {

    static final Path FIXTURES = Path.of("../docs/reference/protocol-fixtures");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    static List<Path> valid() throws IOException {
        return ofNodes(FIXTURES);
    }

    static List<Path> invalid() throws IOException {
        return ofNodes(FIXTURES.resolve("invalid"));
    }

    private static List<Path> ofNodes(Path directory) throws IOException {
        List<Path> ofNodes = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
            for (Path file : files) {
                if (json(file).get("from").stringValue().equals("node")) {
                    ofNodes.add(file);
                }
            }
        }
        return ofNodes;
    }

    /** What is wrong only in its place is the connection's to refuse. */
    private static final Set<String> OUT_OF_PLACE = Set.of(
            "applied-before-hello.json",
            "heartbeat-before-hello.json",
            "hello-again.json",
            "applied-n-never-written.json");

    static List<Path> invalidByThemselves() throws IOException {
        return invalid().stream()
                .filter(file -> !OUT_OF_PLACE.contains(file.getFileName().toString()))
                .toList();
    }

    static JsonNode json(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    @ParameterizedTest
    @MethodSource("valid")
    void acceptsEveryValidMessageOfANode(Path file) throws IOException {
        JsonNode fixture = json(file);
        for (JsonNode message : fixture.get("messages")) {
            assertThat(read(message.toString())).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("invalidByThemselves")
    void refusesEveryInvalidMessageOfANodeThatIsInvalidByItself(Path file) throws IOException {
        JsonNode fixture = json(file);
        assertThatThrownBy(() -> read(fixture.get("message").stringValue()))
                .isInstanceOfSatisfying(InvalidMessageException.class, e -> {
                    assertThat(e.detail())
                            .startsWith(fixture.get("expect").get("names").stringValue() + " must ");
                    assertThat(e.code.code)
                            .isEqualTo(fixture.get("expect").get("code").intValue());
                });
    }

    @Test
    void refusesTextThatIsNotUtf8() {
        assertThatThrownBy(() -> NodeMessageReader.read(ByteBuffer.wrap(new byte[] {'{', (byte) 0xff, '}'})))
                .hasMessage("message must be UTF-8");
    }

    @Test
    void keepsWhatAHelloSays() throws IOException {
        JsonNode whole = json(FIXTURES.resolve("hello.json")).get("messages").get(1);
        NodeMessage.Hello hello = (NodeMessage.Hello) read(whole.toString());
        assertThat(hello.node()).isEqualTo("checkout-7f9c");
        assertThat(hello.version()).isEqualTo("2.4.1");
        assertThat(hello.known()).hasToString("Version[epoch=1, revision=40]");
        assertThat(hello.held()).hasSize(2);
        assertThat(hello.prefixes()).containsExactly("checkout.", "a");
        assertThat(hello.stalePolicy()).isEqualTo("disable");
    }

    private static NodeMessage read(String message) {
        return NodeMessageReader.read(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
    }
}
