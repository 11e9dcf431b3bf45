package dev.patchkey.service.problem;

import dev.patchkey.service.refcount.Refusal;
import java.net.URI;
import java.util.Locale;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;

/** The kinds of error that callers can rely on; {@link #uri()} is the stable {@code type} of RFC 9457. */
public enum ProblemType {
    INVALID_FIELD(HttpStatus.BAD_REQUEST, "A field of the request breaks its rule"),
    INVALID_BODY(HttpStatus.BAD_REQUEST, "The body is not the JSON object that this call takes"),
    INVALID_REQUEST(HttpStatus.BAD_REQUEST, "The request is malformed"),
    BODY_TOO_LARGE(HttpStatus.CONTENT_TOO_LARGE, "The body is too large"),
    NOT_FOUND(HttpStatus.NOT_FOUND, "There is no such resource"),
    METHOD_NOT_ALLOWED(HttpStatus.METHOD_NOT_ALLOWED, "The resource does not take this method"),
    NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE, "The resource has no such representation"),
    UNSUPPORTED_MEDIA_TYPE(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json"),

    UNAUTHENTICATED(HttpStatus.UNAUTHORIZED, "The service does not know who asks"),
    ISSUER_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, "The keys of the issuer of JWTs cannot be fetched"),
    FORBIDDEN(HttpStatus.FORBIDDEN, "The caller may not do this"),
    CROSS_SITE(HttpStatus.FORBIDDEN, "A page of somebody else's may not do this"),
    RATE_EXCEEDED(HttpStatus.TOO_MANY_REQUESTS, "The caller asks too often"),
    TOO_MANY_AT_ONCE(HttpStatus.TOO_MANY_REQUESTS, "The caller has too many requests under way"),

    KEY_UNKNOWN(HttpStatus.NOT_FOUND, "Nobody has changed a key of this name, or it is deleted"),
    NODE_UNKNOWN(HttpStatus.NOT_FOUND, "No live node has this id"),
    COUNT_BELOW_ZERO(HttpStatus.CONFLICT, "There are fewer bare references than are to be taken away"),
    COUNT_OVERFLOW(HttpStatus.CONFLICT, "The count would pass 2^31-1"),
    KEY_ENABLED(HttpStatus.CONFLICT, "Only a key with count 0 can be deleted"),
    OPERATION_SUPERSEDED(HttpStatus.CONFLICT, "A later operation of this node has been decided"),
    INCARNATION_UNKNOWN(HttpStatus.CONFLICT, "This life of the node has not said hello"),
    HOLD_OF_ANOTHER_KIND(HttpStatus.CONFLICT, "The hold belongs to another kind of holder"),
    TOO_MANY_HOLDS(HttpStatus.CONFLICT, "The key has as many holds as it can have"),
    REQUEST_REUSED(HttpStatus.UNPROCESSABLE_CONTENT, "The Idempotency-Key belongs to another request"),
    TOO_MANY_REQUESTS(HttpStatus.TOO_MANY_REQUESTS, "Too many requests are remembered for this key"),
    TOO_MANY_WATCHERS(HttpStatus.TOO_MANY_REQUESTS, "This pod feeds as many watchers as it can"),
    TOO_MANY_NODES(HttpStatus.TOO_MANY_REQUESTS, "The caller has as many channels as it may"),

    SUBPROTOCOL_REQUIRED(HttpStatus.BAD_REQUEST, "The channel takes a subprotocol by its name"),
    UPGRADE_REQUIRED(HttpStatus.UPGRADE_REQUIRED, "The channel is a WebSocket"),
    NOT_READY(HttpStatus.SERVICE_UNAVAILABLE, "The pod takes in no more nodes now"),

    HISTORY_NOT_KEPT(HttpStatus.NOT_IMPLEMENTED, "This store keeps no history"),
    STORE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, "The store cannot be reached; nothing was changed"),
    OUTCOME_UNKNOWN(HttpStatus.GATEWAY_TIMEOUT, "The change may have been made"),
    INTERNAL_ERROR(HttpStatus.INTERNAL_SERVER_ERROR, "The service has failed");

    private final HttpStatus status;
    private final String title;

    ProblemType(HttpStatus status, String title) {
        this.status = status;
        this.title = title;
    }

    public HttpStatus status() {
        return status;
    }

    public String title() {
        return title;
    }

    /** {@code urn:patchkey:problem:} and the {@link #word()}. */
    public URI uri() {
        return URI.create("urn:patchkey:problem:" + word());
    }

    /** The name in lower case with hyphens. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * One of the kind.
     *
     * @param detail what it is this time, in a sentence for people
     */
    public ProblemDetail problem(String detail) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
        problem.setType(uri());
        problem.setTitle(title);
        return problem;
    }

    /** What the refusal of a command is told as. */
    public static ProblemType of(Refusal refusal) {
        return switch (refusal) {
            case COUNT_BELOW_ZERO -> COUNT_BELOW_ZERO;
            case COUNT_OVERFLOW -> COUNT_OVERFLOW;
            case KEY_ENABLED -> KEY_ENABLED;
            case KEY_UNKNOWN -> KEY_UNKNOWN;
            case OPERATION_SUPERSEDED -> OPERATION_SUPERSEDED;
            case HOLD_OF_ANOTHER_KIND -> HOLD_OF_ANOTHER_KIND;
            case TOO_MANY_HOLDS -> TOO_MANY_HOLDS;
            case REQUEST_REUSED -> REQUEST_REUSED;
            case TOO_MANY_REQUESTS -> TOO_MANY_REQUESTS;
        };
    }

    /** The most general one with a status that something else has decided on. */
    public static ProblemType of(HttpStatus status) {
        return switch (status) {
            case NOT_FOUND -> NOT_FOUND;
            case METHOD_NOT_ALLOWED -> METHOD_NOT_ALLOWED;
            case NOT_ACCEPTABLE -> NOT_ACCEPTABLE;
            case UNSUPPORTED_MEDIA_TYPE -> UNSUPPORTED_MEDIA_TYPE;
            case CONTENT_TOO_LARGE -> BODY_TOO_LARGE;
            case SERVICE_UNAVAILABLE -> STORE_UNAVAILABLE;
            default -> status.is4xxClientError() ? INVALID_REQUEST : INTERNAL_ERROR;
        };
    }
}
