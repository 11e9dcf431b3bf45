package dev.patchkey.service.web;

import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;

/** Names whoever asks, for the audit and for telling callers' requests apart. */
final class Caller {

    /** The name of a caller whom nothing has authenticated. */
    static final String ANONYMOUS = "anonymous";

    private Caller() {}

    static String of(HttpServletRequest request) {
        Principal principal = request.getUserPrincipal();
        return principal == null ? ANONYMOUS : principal.getName();
    }
}
