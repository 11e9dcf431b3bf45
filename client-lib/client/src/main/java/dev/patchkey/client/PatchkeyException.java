package dev.patchkey.client;

import org.jspecify.annotations.Nullable;

/**
 * Why a key could not be acquired. Whichever it is, the caller holds nothing, and what the node may have left behind at
 * the service it takes back by itself.
 */
public abstract sealed class PatchkeyException extends RuntimeException
        permits UnavailableException, OutcomeUnknownException, RejectedException, RebindFailedException {

    private static final long serialVersionUID = 1;

    PatchkeyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The same failure as seen by one waiting thread, with that thread's own stack trace. */
    abstract PatchkeyException forWaiter();
}
