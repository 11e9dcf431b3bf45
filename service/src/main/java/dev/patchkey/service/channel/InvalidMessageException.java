package dev.patchkey.service.channel;

/** A message that the protocol does not allow. Nothing that it asked for has been done. */
final class InvalidMessageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what to close. */
    final transient CloseCode code;

    /** @param detail names the field and the rule */
    InvalidMessageException(CloseCode code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    InvalidMessageException(String detail) {
        this(CloseCode.INVALID, detail);
    }

    String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
