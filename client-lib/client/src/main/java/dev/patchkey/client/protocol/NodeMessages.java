package dev.patchkey.client.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes what a node sends. */
public final class NodeMessages {

    /** The most keys that a node may hold: what fits a hello. */
    public static final int MOST_HELD = 5_000;

    /** The most keys in one {@code declared}. */
    public static final int MOST_DECLARED = 10_000;

    /** The most keys that a node may declare in one session. */
    public static final int MOST_DECLARED_A_SESSION = 50_000;

    /**
     * The most bytes of a {@code declared}: as many keys as allowed, with names as long as allowed, would not fit the
     * 1 MiB of a message.
     */
    public static final int MOST_DECLARED_BYTES = 900_000;

    /** The most keys in an {@code applied}; the most bytes of their reasons is what is left of a message's 1 MiB. */
    public static final int MOST_EXCEPTED = 2_000;

    static final int MOST_REASON_BYTES = 400_000;

    private static final String NO_ROOM = "see the node's log";

    /** The most prefixes that a node may subscribe to. */
    public static final int MOST_PREFIXES = 100;

    private static final JsonFactory JSON = new JsonFactory();

    private NodeMessages() {}

    /** What the node says first; the fields are those of the protocol. */
    public record Hello(
            String node,
            String incarnation,
            String application,
            @Nullable String version,
            Version known,
            List<Held> held,
            List<String> prefixes,
            String stalePolicy) {}

    /** A key that the node holds, with the number of the operation that acquired it. */
    public record Held(String key, long operation) {}

    /** A key that is not rebound yet, with its newest delivered revision: its rebind has failed, or is paced. */
    public record Excepted(String key, long revision, String reason) {}

    public static String hello(Hello hello) {
        return write("hello", json -> {
            json.writeNumberField("protocol", 1);
            json.writeStringField("node", hello.node);
            json.writeStringField("incarnation", hello.incarnation);
            json.writeStringField("application", hello.application);
            if (hello.version != null) {
                json.writeStringField("version", hello.version);
            }
            if (hello.known.isAfter(Version.NONE)) {
                json.writeObjectFieldStart("known");
                json.writeNumberField("epoch", hello.known.epoch());
                json.writeNumberField("revision", hello.known.revision());
                json.writeEndObject();
            }
            json.writeArrayFieldStart("held");
            for (Held held : hello.held) {
                json.writeStartObject();
                json.writeStringField("key", held.key);
                json.writeNumberField("operation", held.operation);
                json.writeEndObject();
            }
            json.writeEndArray();
            if (!hello.prefixes.isEmpty()) {
                json.writeArrayFieldStart("prefixes");
                for (String prefix : hello.prefixes) {
                    json.writeString(prefix);
                }
                json.writeEndArray();
            }
            json.writeStringField("stalePolicy", hello.stalePolicy);
        });
    }

    public static String applied(long n, List<Excepted> except) {
        return write("applied", json -> {
            json.writeNumberField("n", n);
            json.writeArrayFieldStart("except");
            int room = MOST_REASON_BYTES;
            for (Excepted excepted : except) {
                json.writeStartObject();
                json.writeStringField("key", excepted.key);
                json.writeNumberField("revision", excepted.revision);
                int bytes = encodedBytes(excepted.reason);
                json.writeStringField("reason", bytes <= room ? excepted.reason : NO_ROOM);
                room -= Math.min(room, bytes);
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** How many bytes a text takes in JSON and UTF-8, or a few more. */
    private static int encodedBytes(String text) {
        return text.chars()
                .map(c -> c < ' ' ? 6 : c == '"' || c == '\\' ? 2 : c < 0x80 ? 1 : 3)
                .sum();
    }

    /** How many bytes a key takes in a {@code declared}, at most: its name, which is ASCII, an int, and what is between. */
    public static int declaredBytes(String key) {
        return key.length() + "\"\":-2147483648,".length();
    }

    public static String heartbeat(long seq) {
        return write("heartbeat", json -> json.writeNumberField("seq", seq));
    }

    public static String declared(Map<String, Integer> keys) {
        return write("declared", json -> {
            json.writeObjectFieldStart("keys");
            for (Map.Entry<String, Integer> key : keys.entrySet()) {
                json.writeNumberField(key.getKey(), key.getValue());
            }
            json.writeEndObject();
        });
    }

    public static String bye() {
        return write("bye", json -> {});
    }

    /** The body of the request that acquires a hold. */
    public static String holdBody(String reason) {
        return write(null, json -> json.writeStringField("reason", reason));
    }

    private interface Fields {
        void writeTo(JsonGenerator json) throws IOException;
    }

    private static String write(@Nullable String type, Fields fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            if (type != null) {
                json.writeStringField("type", type);
            }
            fields.writeTo(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does no I/O", e);
        }
        return text.toString();
    }
}
