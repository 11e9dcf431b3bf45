package dev.patchkey.statickey;

import java.util.Objects;
import java.util.regex.Pattern;

/** The grammar of key names. */
final class KeyName {

    static final int LONGEST = 128;

    private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9][a-z0-9._-]{0," + (LONGEST - 1) + "}");

    private KeyName() {}

    /**
     * The name, if it is one.
     *
     * @throws NullPointerException if it is null
     * @throws IllegalArgumentException naming the rule, if it is none
     */
    static String requireValid(String name) {
        if (!GRAMMAR.matcher(Objects.requireNonNull(name, "name")).matches()) {
            throw new IllegalArgumentException("key name must be 1 to " + LONGEST
                    + " characters of [a-z0-9._-], starting with a letter or digit, but was " + quoted(name));
        }
        return name;
    }

    private static String quoted(String name) {
        return name.length() > LONGEST ? name.length() + " characters long" : "'" + name + "'";
    }
}
