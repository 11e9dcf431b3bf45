package dev.patchkey.service.web;

import dev.patchkey.service.logging.Tally;
import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.security.ForbiddenException;
import dev.patchkey.service.security.Refusals;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.Stale;
import dev.patchkey.service.store.StoreUnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Maps every error to its one problem type. */
@RestControllerAdvice
class Problems extends ResponseEntityExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    /** What a caller is told to wait before it tries again. */
    private static final String RETRY_AFTER_SECONDS = "1";

    private final Refusals refusals;
    private final Tally unavailable;
    private final Tally unknown;

    @Autowired
    Problems(Refusals refusals) {
        this(refusals, System::nanoTime);
    }

    Problems(Refusals refusals, LongSupplier nanoTime) {
        this.refusals = refusals;
        this.unavailable = new Tally(nanoTime);
        this.unknown = new Tally(nanoTime);
    }

    static ProblemDetail problem(ProblemType type, @Nullable String field, String detail) {
        ProblemDetail problem = type.problem(detail);
        if (field != null) {
            problem.setProperty("field", field);
        }
        return problem;
    }

    @ExceptionHandler
    ResponseEntity<Object> problem(ProblemException e, HttpServletRequest request) {
        if (e.type() == ProblemType.TOO_MANY_WATCHERS) {
            refusals.count(Refusals.Reason.TOO_MANY_WATCHERS, request);
        }
        ProblemDetail problem = problem(e.type(), e.field(), e.detail());
        Stale stale = e.stale();
        if (stale != null) {
            problem.setProperty("stale", true);
            problem.setProperty("staleSince", stale.since());
        }
        return answer(e.type(), problem);
    }

    @ExceptionHandler
    ResponseEntity<Object> forbidden(ForbiddenException e, HttpServletRequest request) {
        refusals.count(Refusals.Reason.FORBIDDEN, request);
        return answer(ProblemType.FORBIDDEN, null, e.detail());
    }

    /** What the firewall finds only when a header or a parameter is read. */
    @ExceptionHandler
    ResponseEntity<Object> rejected(RequestRejectedException e) {
        return answer(
                ProblemType.INVALID_REQUEST, null, "Headers and names of parameters must have no control character");
    }

    @ExceptionHandler
    ResponseEntity<Object> unavailable(StoreUnavailableException e) {
        // Without a stack, which is the same each time: health and metrics tell of the store.
        unavailable.count(unsaid -> log.warn(
                "Requests refused since the store is unavailable, since this was last said: {}, the latest for: {}",
                unsaid,
                reason(e)));
        return answer(
                ProblemType.STORE_UNAVAILABLE, null, "The store cannot be reached. Nothing was changed: try again.");
    }

    @ExceptionHandler
    ResponseEntity<Object> unknown(OutcomeUnknownException e) {
        unknown.count(unsaid -> log.warn(
                "Commands whose outcome is unknown, since this was last said: {}, the latest for: {}",
                unsaid,
                reason(e),
                e));
        return answer(
                ProblemType.OUTCOME_UNKNOWN,
                null,
                "The change may have been made or not. Retry with the same Idempotency-Key: it is made at most once.");
    }

    @ExceptionHandler
    ResponseEntity<Object> mistyped(MethodArgumentTypeMismatchException e) {
        Class<?> type = e.getRequiredType();
        String rule = type == null || type.isPrimitive() || Number.class.isAssignableFrom(type)
                ? "a whole number"
                : "a " + type.getSimpleName();
        ProblemException problem = ProblemException.invalid(e.getName(), rule);
        return answer(problem.type(), problem.field(), problem.detail());
    }

    @ExceptionHandler
    ResponseEntity<Object> failed(Exception e) {
        if (JettyProblems.refusedBody(e) == HttpStatus.CONTENT_TOO_LARGE) {
            return bodyTooLarge();
        }
        log.error("A request failed in a way that nobody foresaw", e);
        return answer(ProblemType.INTERNAL_ERROR, null, "The service has failed. Its log has the cause.");
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        if (JettyProblems.refusedBody(e) == HttpStatus.CONTENT_TOO_LARGE) {
            return bodyTooLarge();
        }
        Throwable cause = e.getCause();
        if (cause instanceof UnrecognizedPropertyException unknown && unknown.getKnownPropertyIds() != null) {
            String detail = "%s is not a field of this call; its fields are %s"
                    .formatted(path(unknown), new TreeSet<>(unknown.getKnownPropertyIds()));
            return answer(ProblemType.INVALID_FIELD, path(unknown), detail);
        }
        // A number out of its type's range is a coercion that failed; what else the parser finds is no JSON.
        boolean isJson = cause instanceof DatabindException || cause instanceof InputCoercionException;
        if (isJson
                && cause instanceof JacksonException mistyped
                && !mistyped.getPath().isEmpty()) {
            String detail = "%s has a value of the wrong type or form: %s"
                    .formatted(path(mistyped), firstLine(mistyped.getOriginalMessage()));
            return answer(ProblemType.INVALID_FIELD, path(mistyped), detail);
        }
        if (cause instanceof StreamReadException broken) {
            var where = broken.getLocation();
            String detail = "The body must be one JSON object: %s at line %d, column %d"
                    .formatted(broken.getOriginalMessage(), where.getLineNr(), where.getColumnNr());
            return answer(ProblemType.INVALID_BODY, null, detail);
        }
        return answer(ProblemType.INVALID_BODY, null, "The body must be one JSON object");
    }

    @Override
    protected ResponseEntity<Object> handleExceptionInternal(
            Exception e, @Nullable Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        HttpStatus known = HttpStatus.valueOf(status.value());
        String detail = body instanceof ProblemDetail problem && problem.getDetail() != null
                ? problem.getDetail()
                : String.valueOf(e.getMessage());
        ResponseEntity<Object> answer = answer(ProblemType.of(known), null, detail);
        return ResponseEntity.status(status)
                .headers(headers)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(answer.getBody());
    }

    private static ResponseEntity<Object> answer(ProblemType type, @Nullable String field, String detail) {
        return answer(type, problem(type, field, detail));
    }

    private static ResponseEntity<Object> answer(ProblemType type, ProblemDetail problem) {
        ResponseEntity.BodyBuilder answer =
                ResponseEntity.status(type.status()).contentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (type == ProblemType.STORE_UNAVAILABLE
                || type == ProblemType.OUTCOME_UNKNOWN
                || type == ProblemType.TOO_MANY_REQUESTS
                || type == ProblemType.TOO_MANY_WATCHERS) {
            answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        return answer.body(problem);
    }

    private static ResponseEntity<Object> bodyTooLarge() {
        return answer(
                ProblemType.BODY_TOO_LARGE, null, "The body must be at most " + JettyProblems.LONGEST_BODY + " bytes");
    }

    private static String path(JacksonException e) {
        return e.getPath().stream()
                .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                .collect(Collectors.joining("."));
    }

    private static String reason(RuntimeException e) {
        return e.getCause() == null ? String.valueOf(e.getMessage()) : e.getMessage() + ": " + e.getCause();
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }
}
