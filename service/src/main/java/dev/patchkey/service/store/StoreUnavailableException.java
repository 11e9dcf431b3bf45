package dev.patchkey.service.store;

import org.jspecify.annotations.Nullable;

/** The store could not take the command, and surely has not applied it. */
public final class StoreUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    public StoreUnavailableException(String message) {
        super(message);
    }
}
