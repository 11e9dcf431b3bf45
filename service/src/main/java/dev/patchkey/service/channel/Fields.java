package dev.patchkey.service.channel;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The fields of one JSON object of a message, read by their rules; every violation names the field and the rule. */
record Fields(JsonNode object, String path) {

    /** The most characters of a text for people. */
    static final int LONGEST_TEXT = 128;

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    /** The name of a field, as errors say it. */
    String name(String field) {
        return path + field;
    }

    @Nullable JsonNode find(String field) {
        JsonNode value = object.get(field);
        return value == null || value.isNull() ? null : value;
    }

    long integer(String field, long lowest, long highest) {
        return integer(name(field), find(field), lowest, highest);
    }

    static long integer(String name, @Nullable JsonNode value, long lowest, long highest) {
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw outside(name, lowest, highest);
        }
        long number = value.longValue();
        if (number < lowest || number > highest) {
            throw outside(name, lowest, highest);
        }
        return number;
    }

    private static InvalidMessageException outside(String name, long lowest, long highest) {
        return new InvalidMessageException(name + " must be an integer from " + lowest + " to " + highest);
    }

    /** A text that must be there and match. */
    String text(String field, Pattern grammar, String rule) {
        JsonNode value = find(field);
        if (value == null
                || !value.isString()
                || !grammar.matcher(value.stringValue()).matches()) {
            throw new InvalidMessageException(name(field) + " must be " + rule);
        }
        return value.stringValue();
    }

    /** A text for people that must be there. */
    String text(String field, int longest) {
        JsonNode value = find(field);
        String text = value != null && value.isString() ? value.stringValue() : "";
        if (text.isEmpty() || text.length() > longest || CONTROL.matcher(text).find()) {
            throw new InvalidMessageException(
                    name(field) + " must be 1 to " + longest + " characters without control characters");
        }
        return text;
    }

    /** An array that must be there. */
    JsonNode array(String field, int longest) {
        JsonNode value = find(field);
        if (value == null || !value.isArray() || value.size() > longest) {
            throw new InvalidMessageException(name(field) + " must be an array of at most " + longest + " elements");
        }
        return value;
    }

    /** The fields of an object. */
    static Fields of(JsonNode value, String name) {
        if (!value.isObject()) {
            throw new InvalidMessageException(name + " must be an object");
        }
        return new Fields(value, name + ".");
    }
}
