package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.Stale;
import org.jspecify.annotations.Nullable;

/** An error to be answered as a problem. */
final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ProblemType type;
    private final @Nullable String field;

    @SuppressWarnings("serial") // nobody serializes it
    private final @Nullable Stale stale;

    private ProblemException(ProblemType type, @Nullable String field, String detail, @Nullable Stale stale) {
        super(detail);
        this.type = type;
        this.field = field;
        this.stale = stale;
    }

    static ProblemException of(ProblemType type, String detail) {
        return new ProblemException(type, null, detail, null);
    }

    /** Of a key that a read has not found, which may be there all the same if the read was stale. */
    static ProblemException unknownKey(KeyName key, @Nullable Stale stale) {
        return new ProblemException(
                ProblemType.KEY_UNKNOWN, null, "The key " + key + " has never been changed, or is deleted", stale);
    }

    /**
     * A field that breaks its rule.
     *
     * @param field the path variable, parameter, header or body field
     * @param rule what the field must be, to follow "must be"
     */
    static ProblemException invalid(String field, String rule) {
        return new ProblemException(ProblemType.INVALID_FIELD, field, field + " must be " + rule, null);
    }

    ProblemType type() {
        return type;
    }

    @Nullable String field() {
        return field;
    }

    /** How old the read is that the problem tells of; null where it is current, or there was none. */
    @Nullable Stale stale() {
        return stale;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
