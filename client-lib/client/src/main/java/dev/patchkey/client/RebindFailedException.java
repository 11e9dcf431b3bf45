package dev.patchkey.client;

import org.jspecify.annotations.Nullable;

/**
 * The service has granted the hold, but this node has not rebound the key's call sites, or not in time. The node gives
 * the hold back, and goes on trying to rebind.
 */
public final class RebindFailedException extends PatchkeyException {

    private static final long serialVersionUID = 1;

    RebindFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    @Override
    PatchkeyException forWaiter() {
        return new RebindFailedException(String.valueOf(getMessage()), this);
    }
}
