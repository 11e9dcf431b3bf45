package dev.patchkey.statickey.mirror;

/**
 * Thrown when a key's call site could not be rebound, or a preparation of the key threw. The key is correct: it is in
 * the state before or after the change, and at most its tests are slow. Making the same call again tries again.
 */
public final class RebindException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String key;

    /**
     * An exception for a key.
     *
     * @param key its name
     * @param cause what the rebind or the preparation threw
     */
    public RebindException(String key, Throwable cause) {
        super("key '" + key + "' could not be rebound: " + cause, cause);
        this.key = key;
    }

    /** The name of the key. */
    public String key() {
        return key;
    }
}
