package dev.patchkey.client.protocol;

/** A message that breaks the protocol; its text names the field and the rule. */
public final class InvalidMessageException extends Exception {

    private static final long serialVersionUID = 1;

    /** Foreign text longer than this is cut before it gets into a log or a close reason. */
    private static final int LONGEST_QUOTE = 60;

    public InvalidMessageException(String message) {
        super(message);
    }

    /** Foreign text made fit for one line of a log. */
    static String quote(String text) {
        String cut = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…";
        return "'" + cut.replaceAll("\\p{Cntrl}", "?") + "'";
    }
}
