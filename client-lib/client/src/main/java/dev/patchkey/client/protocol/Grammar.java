package dev.patchkey.client.protocol;

import java.util.regex.Pattern;

/** What names may look like, with each rule in the words that errors use. */
public final class Grammar {

    public static final String KEY_RULE = "1 to 128 characters of [a-z0-9._-], starting with a letter or digit";
    public static final String NODE_RULE = "1 to 128 characters of [A-Za-z0-9._@:-], starting with a letter or digit";
    public static final String TEXT_RULE = "1 to 128 characters without control characters";

    private static final Pattern KEY = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");
    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}");
    private static final Pattern TEXT = Pattern.compile("\\P{Cntrl}{1,128}");

    private Grammar() {}

    public static boolean isKey(String text) {
        return KEY.matcher(text).matches();
    }

    public static boolean isNode(String text) {
        return NODE.matcher(text).matches();
    }

    public static boolean isText(String text) {
        return TEXT.matcher(text).matches();
    }
}
