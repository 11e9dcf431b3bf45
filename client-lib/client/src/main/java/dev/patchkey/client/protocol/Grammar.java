package dev.patchkey.client.protocol;

import java.util.regex.Pattern;

/** What names may look like, with each rule in the words that errors use. */
public final class Grammar {

    public static final String KEY_RULE = "1 to 128 characters of [a-z0-9._-], starting with a letter or digit";
    public static final String NODE_RULE = "1 to 128 characters of [A-Za-z0-9._@:-], starting with a letter or digit";
    public static final String TEXT_RULE =
            "1 to 128 characters, none of them a control character, a line separator or half a surrogate pair";

    private static final Pattern KEY = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");
    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}");
    private static final int LONGEST_TEXT = 128;

    private Grammar() {}

    public static boolean isKey(String text) {
        return KEY.matcher(text).matches();
    }

    public static boolean isNode(String text) {
        return NODE.matcher(text).matches();
    }

    public static boolean isText(String text) {
        return !text.isEmpty()
                && text.length() <= LONGEST_TEXT
                && text.codePoints().allMatch(Grammar::isFit);
    }

    /** Foreign text made fit for people: what may be in no text becomes a blank, and it is cut between two characters. */
    public static String text(String foreign, int longest) {
        StringBuilder text = new StringBuilder();
        foreign.codePoints()
                .map(c -> isFit(c) ? c : ' ')
                .takeWhile(c -> text.length() + Character.charCount(c) <= longest)
                .forEachOrdered(text::appendCodePoint);
        return text.toString();
    }

    /** A control character or a separator could forge a line of a log, and half a surrogate pair is no text. */
    private static boolean isFit(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            default -> true;
        };
    }
}
