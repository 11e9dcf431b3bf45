package dev.patchkey.service.refcount;

import java.util.regex.Pattern;

/**
 * The name of whoever holds a key, an operator's own choice or a node's id: 1 to 128 characters of {@code [A-Za-z0-9._@:-]},
 * the first a letter or a digit.
 *
 * @param value the name itself
 */
public record Holder(String value) implements Comparable<Holder> {

    /** The rule, in the words that errors use. */
    public static final String RULE = "1 to 128 characters of [A-Za-z0-9._@:-], starting with a letter or digit";

    private static final Pattern GRAMMAR = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}");

    /** @throws IllegalArgumentException if the value breaks the {@linkplain #RULE rule} */
    public Holder {
        if (!isValid(value)) {
            throw new IllegalArgumentException("holder must be " + RULE);
        }
    }

    public static boolean isValid(String value) {
        return GRAMMAR.matcher(value).matches();
    }

    @Override
    public int compareTo(Holder other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
