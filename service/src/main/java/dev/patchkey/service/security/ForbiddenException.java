package dev.patchkey.service.security;

import org.springframework.security.access.AccessDeniedException;

/** The caller is known, and may not do that; the message says what would be needed, for the caller to read. */
public final class ForbiddenException extends AccessDeniedException {
    private static final long serialVersionUID = 1L;

    ForbiddenException(String message) {
        super(message);
    }

    /** The reason in a sentence. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
