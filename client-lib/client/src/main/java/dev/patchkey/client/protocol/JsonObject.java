package dev.patchkey.client.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One JSON object, read whole. Its getters name the field and the rule in what they throw; unknown fields stay unread. */
final class JsonObject {

    /** Messages nest three deep; the rest is room to grow. */
    private static final int DEEPEST = 16;

    /** The longest text in a message is a detail of a problem. */
    private static final int LONGEST_TEXT = 16 * 1024;

    /** The digits of a long, its sign, and room for a fraction that is then refused. */
    private static final int LONGEST_NUMBER = 40;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxStringLength(LONGEST_TEXT)
                    .maxNumberLength(LONGEST_NUMBER)
                    .build())
            .build();

    /** A value that no getter takes: null, a fraction, an integer that is no long. */
    private static final Object UNUSABLE = new Object();

    private final String path;
    private final Map<String, Object> fields;

    private JsonObject(String path, Map<String, Object> fields) {
        this.path = path;
        this.fields = fields;
    }

    static JsonObject parse(String text) throws InvalidMessageException {
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InvalidMessageException("a message must be a JSON object");
            }
            JsonObject object = new JsonObject("", object(parser));
            if (parser.nextToken() != null) {
                throw new InvalidMessageException("a message must be one JSON object and nothing after it");
            }
            return object;
        } catch (IOException e) {
            throw new InvalidMessageException("a message must be well-formed JSON: "
                    + InvalidMessageException.quote(String.valueOf(e.getMessage())));
        }
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            fields.put(name, value(parser));
        }
        return fields;
    }

    private static List<Object> array(JsonParser parser) throws IOException {
        List<Object> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            values.add(value(parser));
        }
        return values;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT ->
                parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? UNUSABLE : (Object) parser.getLongValue();
            default -> UNUSABLE;
        };
    }

    boolean has(String field) {
        return fields.containsKey(field);
    }

    String text(String field) throws InvalidMessageException {
        if (fields.get(field) instanceof String text) {
            return text;
        }
        throw invalid(field, "a string");
    }

    /** The field if it is there and a string; for what is shown to people and nothing else. */
    String textOr(String field, String otherwise) {
        return fields.get(field) instanceof String text ? text : otherwise;
    }

    String key(String field) throws InvalidMessageException {
        String key = text(field);
        if (!Grammar.isKey(key)) {
            throw invalid(field, Grammar.KEY_RULE);
        }
        return key;
    }

    boolean flag(String field) throws InvalidMessageException {
        if (fields.get(field) instanceof Boolean flag) {
            return flag;
        }
        throw invalid(field, "true or false");
    }

    long integer(String field, long least, long most) throws InvalidMessageException {
        if (fields.get(field) instanceof Long value && value >= least && value <= most) {
            return value;
        }
        throw invalid(field, "an integer from " + least + " to " + most);
    }

    List<JsonObject> objects(String field, int most) throws InvalidMessageException {
        if (!(fields.get(field) instanceof List<?> values) || values.size() > most) {
            throw invalid(field, "an array of at most " + most + " objects");
        }
        List<JsonObject> objects = new ArrayList<>(values.size());
        for (Object value : values) {
            objects.add(child(path + field + "[" + objects.size() + "].", value));
        }
        return objects;
    }

    private static JsonObject child(String path, @Nullable Object value) throws InvalidMessageException {
        if (!(value instanceof Map<?, ?> map)) {
            throw new InvalidMessageException(path.substring(0, path.length() - 1) + " must be an object");
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        map.forEach((name, field) -> fields.put((String) name, field));
        return new JsonObject(path, fields);
    }

    private InvalidMessageException invalid(String field, String rule) {
        return new InvalidMessageException(path + field + " must be " + rule);
    }
}
