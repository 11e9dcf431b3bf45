package dev.patchkey.client;

import org.jspecify.annotations.Nullable;

/** The service has refused, and has changed nothing. Trying again without a change to the request is pointless. */
public final class RejectedException extends PatchkeyException {

    private static final long serialVersionUID = 1;

    /** What kind of problem it was. */
    private final String problem;

    RejectedException(String problem, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.problem = problem;
    }

    /** The service's name for the problem: the last segment of the {@code type} of its problem+json. */
    public String problem() {
        return problem;
    }

    @Override
    PatchkeyException forWaiter() {
        return new RejectedException(problem, String.valueOf(getMessage()), this);
    }
}
