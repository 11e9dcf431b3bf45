package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.Excepted;
import dev.patchkey.service.propagation.NodeHolds.Held;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads what nodes say, strictly: a message keeps every rule of the protocol page or is refused whole. */
final class NodeMessageReader {

    /** The most bytes of a message. */
    static final int LARGEST_MESSAGE = 1 << 20;

    /** The version of the protocol that this service speaks. */
    static final int PROTOCOL = 1;

    /** The most keys that a hello may name as held: so many of the longest names fit a message. */
    static final int MOST_HELD = 5_000;

    static final int MOST_PREFIXES = 100;
    static final int MOST_EXCEPTED = 5_000;
    static final int MOST_DECLARED = 10_000;
    static final int LONGEST_REASON = 256;

    /** More than the deepest message of the page, with room for unknown fields. */
    private static final int DEEPEST_NESTING = 32;

    private static final int LONGEST_NUMBER = 40;
    private static final Pattern TYPE = Pattern.compile("[a-z]{1,32}");
    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}");
    private static final Pattern UUID =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern STALE_POLICY = Pattern.compile("hold|disable");

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST_NESTING)
                            .maxNumberLength(LONGEST_NUMBER)
                            .maxStringLength(LARGEST_MESSAGE)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private NodeMessageReader() {}

    /**
     * Reads one message.
     *
     * @throws InvalidMessageException if it breaks a rule
     */
    static NodeMessage read(ByteBuffer utf8) {
        Fields fields = parse(utf8);
        String type = fields.text("type", TYPE, "the name of a message type");
        return switch (type) {
            case "hello" -> hello(fields);
            case "applied" -> applied(fields);
            case "heartbeat" -> new NodeMessage.Heartbeat(fields.integer("seq", 0, Long.MAX_VALUE));
            case "declared" -> declared(fields);
            case "bye" -> new NodeMessage.Bye();
            default ->
                throw new InvalidMessageException(
                        "type must be hello, applied, heartbeat, declared or bye, and is " + type);
        };
    }

    private static Fields parse(ByteBuffer utf8) {
        JsonNode message;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(utf8)
                    .toString();
            message = JSON.readTree(text);
        } catch (CharacterCodingException e) {
            throw new InvalidMessageException("message must be UTF-8");
        } catch (JacksonException e) {
            // Jackson's own words may quote the message; the rule is enough.
            throw new InvalidMessageException("message must be one JSON object without repeated fields");
        }
        if (message == null || !message.isObject()) {
            throw new InvalidMessageException("message must be one JSON object without repeated fields");
        }
        return new Fields(message, "");
    }

    private static NodeMessage.Hello hello(Fields fields) {
        long protocol = fields.integer("protocol", 1, Integer.MAX_VALUE);
        if (protocol != PROTOCOL) {
            throw new InvalidMessageException(
                    CloseCode.UNSUPPORTED, "protocol must be " + PROTOCOL + ", and the node's is " + protocol);
        }
        return new NodeMessage.Hello(
                fields.text("node", NODE, Holder.RULE),
                fields.text("incarnation", UUID, "a UUID"),
                fields.text("application", Fields.LONGEST_TEXT),
                fields.find("version") == null ? "" : fields.text("version", Fields.LONGEST_TEXT),
                known(fields),
                held(fields),
                prefixes(fields),
                fields.text("stalePolicy", STALE_POLICY, "hold or disable"));
    }

    private static @Nullable Version known(Fields fields) {
        JsonNode value = fields.find("known");
        if (value == null) {
            return null;
        }
        Fields known = Fields.of(value, "known");
        return new Version(known.integer("epoch", 1, Long.MAX_VALUE), known.integer("revision", 0, Long.MAX_VALUE));
    }

    private static List<Held> held(Fields fields) {
        JsonNode array = fields.array("held", MOST_HELD);
        List<Held> held = new ArrayList<>(array.size());
        Set<KeyName> seen = HashSet.newHashSet(array.size());
        for (int i = 0; i < array.size(); i++) {
            Fields each = Fields.of(array.get(i), "held[" + i + "]");
            KeyName key = key(each);
            if (!seen.add(key)) {
                throw new InvalidMessageException(each.name("key") + " must not be named twice");
            }
            held.add(new Held(key, each.integer("operation", 1, Long.MAX_VALUE)));
        }
        return held;
    }

    private static List<String> prefixes(Fields fields) {
        if (fields.find("prefixes") == null) {
            return List.of();
        }
        JsonNode array = fields.array("prefixes", MOST_PREFIXES);
        List<String> prefixes = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            JsonNode prefix = array.get(i);
            if (!prefix.isString() || !KeyName.isValid(prefix.stringValue())) {
                throw new InvalidMessageException("prefixes[" + i + "] must be " + KeyName.RULE);
            }
            prefixes.add(prefix.stringValue());
        }
        return prefixes;
    }

    private static NodeMessage.Applied applied(Fields fields) {
        long n = fields.integer("n", 0, Long.MAX_VALUE);
        if (fields.find("except") == null) {
            return new NodeMessage.Applied(n, Map.of());
        }
        JsonNode array = fields.array("except", MOST_EXCEPTED);
        Map<KeyName, Excepted> except = HashMap.newHashMap(array.size());
        for (int i = 0; i < array.size(); i++) {
            Fields each = Fields.of(array.get(i), "except[" + i + "]");
            except.put(
                    key(each),
                    new Excepted(each.integer("revision", 0, Long.MAX_VALUE), each.text("reason", LONGEST_REASON)));
        }
        return new NodeMessage.Applied(n, except);
    }

    private static NodeMessage.Declared declared(Fields fields) {
        JsonNode object = fields.find("keys");
        if (object == null || !object.isObject() || object.size() > MOST_DECLARED) {
            throw new InvalidMessageException("keys must be an object of at most " + MOST_DECLARED + " keys");
        }
        Map<String, Integer> keys = HashMap.newHashMap(object.size());
        for (Map.Entry<String, JsonNode> each : object.properties()) {
            if (!KeyName.isValid(each.getKey())) {
                throw new InvalidMessageException("keys must name keys of " + KeyName.RULE);
            }
            keys.put(each.getKey(), (int)
                    Fields.integer("keys." + each.getKey(), each.getValue(), 0, Integer.MAX_VALUE));
        }
        return new NodeMessage.Declared(keys);
    }

    private static KeyName key(Fields fields) {
        JsonNode value = fields.find("key");
        if (value == null || !value.isString() || !KeyName.isValid(value.stringValue())) {
            throw new InvalidMessageException(fields.name("key") + " must be " + KeyName.RULE);
        }
        return new KeyName(value.stringValue());
    }
}
