package dev.patchkey.service.security;

/** The service would listen where others can reach it, and knows no credentials. */
final class OpenToOthersException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    OpenToOthersException(String message) {
        super(message);
    }
}
