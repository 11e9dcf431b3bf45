package dev.patchkey.client;

import org.jspecify.annotations.Nullable;

/**
 * The request was sent and its outcome is not known: the key may have been enabled for a while. Trying again is safe; if
 * nobody does, the node releases what it may have acquired.
 */
public final class OutcomeUnknownException extends PatchkeyException {

    private static final long serialVersionUID = 1;

    OutcomeUnknownException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    @Override
    PatchkeyException forWaiter() {
        return new OutcomeUnknownException(String.valueOf(getMessage()), this);
    }
}
