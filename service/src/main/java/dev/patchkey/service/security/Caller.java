package dev.patchkey.service.security;

import java.security.Principal;
import org.jspecify.annotations.Nullable;

/**
 * Names whoever asks, over HTTP or by the channel: for the audit, for telling callers' requests apart, and for whose a
 * node is. Both edges take the name from here, or a node could not change the holds of its own connection.
 */
public final class Caller {

    /** The name of a caller whom nothing has authenticated. */
    public static final String ANONYMOUS = "anonymous";

    private Caller() {}

    /**
     * The caller's name.
     *
     * @param principal as the web server has authenticated it, or null if it has not
     */
    public static String of(@Nullable Principal principal) {
        return principal == null ? ANONYMOUS : principal.getName();
    }
}
