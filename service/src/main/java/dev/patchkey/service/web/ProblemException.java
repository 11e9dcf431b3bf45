package dev.patchkey.service.web;

import org.jspecify.annotations.Nullable;

/** An error to be answered as a problem. */
final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ProblemType type;
    private final @Nullable String field;

    private ProblemException(ProblemType type, @Nullable String field, String detail) {
        super(detail);
        this.type = type;
        this.field = field;
    }

    static ProblemException of(ProblemType type, String detail) {
        return new ProblemException(type, null, detail);
    }

    /**
     * A field that breaks its rule.
     *
     * @param field the path variable, parameter, header or body field
     * @param rule what the field must be, to follow "must be"
     */
    static ProblemException invalid(String field, String rule) {
        return new ProblemException(ProblemType.INVALID_FIELD, field, field + " must be " + rule);
    }

    ProblemType type() {
        return type;
    }

    @Nullable String field() {
        return field;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
