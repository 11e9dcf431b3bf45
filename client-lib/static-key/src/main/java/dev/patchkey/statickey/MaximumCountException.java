package dev.patchkey.statickey;

/** Thrown instead of taking one more reference than a count can hold. Nothing has changed. */
public final class MaximumCountException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    MaximumCountException(String key) {
        super("key '" + key + "' cannot be enabled once more: its count is at the maximum of " + KeyCore.MAXIMUM
                + "; references are being taken and not closed");
    }
}
