package dev.patchkey.service.refcount;

import java.util.regex.Pattern;

/**
 * The name of a key: 1 to 128 characters of {@code [a-z0-9._-]}, the first a letter or a digit.
 *
 * @param value the name itself
 */
public record KeyName(String value) implements Comparable<KeyName> {

    /** The most characters in a name. */
    public static final int LONGEST = 128;

    /** The rule, in the words that errors use. */
    public static final String RULE = "1 to 128 characters of [a-z0-9._-], starting with a letter or digit";

    private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9][a-z0-9._-]{0," + (LONGEST - 1) + "}");

    /** @throws IllegalArgumentException if the value breaks the {@linkplain #RULE rule} */
    public KeyName {
        if (!isValid(value)) {
            throw new IllegalArgumentException("key must be " + RULE);
        }
    }

    public static boolean isValid(String value) {
        return GRAMMAR.matcher(value).matches();
    }

    @Override
    public int compareTo(KeyName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
