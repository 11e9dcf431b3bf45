package dev.patchkey.client;

import org.jspecify.annotations.Nullable;

/** The service could not be reached in time; surely nothing was changed. Trying again later is safe. */
public final class UnavailableException extends PatchkeyException {

    private static final long serialVersionUID = 1;

    UnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    @Override
    PatchkeyException forWaiter() {
        return new UnavailableException(String.valueOf(getMessage()), this);
    }
}
