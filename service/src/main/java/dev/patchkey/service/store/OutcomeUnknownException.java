package dev.patchkey.service.store;

/** The command may have been applied or not; a retry with the same Idempotency-Key finds out and does it at most once. */
public final class OutcomeUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message, Throwable cause) {
        super(message, cause);
    }

    public OutcomeUnknownException(String message) {
        super(message);
    }
}
