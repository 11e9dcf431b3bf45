package dev.patchkey.service.security;

import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.limits.Rates;
import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.security.Refusals.Reason;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers what the filters refuse, as problems. A caller is never told what is wrong with its credentials, which whoever
 * guesses could use, save that they are not good.
 */
final class SecurityProblems implements AuthenticationEntryPoint, AccessDeniedHandler {

    /** How soon to try again when the issuer cannot be asked: it is then asked anew. */
    private static final long ISSUER_RETRY_SECONDS = IssuerKeys.PAUSE.toSeconds();

    /** How soon some of a caller's requests may have been answered. */
    private static final long AT_ONCE_RETRY_SECONDS = 1;

    /** Of all calls together; each says itself which it takes. */
    static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");

    private final JsonMapper json;
    private final Rates failures;
    private final Refusals refusals;

    /** @param failures of requests whose credentials are not good, by address */
    SecurityProblems(JsonMapper json, Rates failures, Refusals refusals) {
        this.json = json;
        this.failures = failures;
        this.refusals = refusals;
    }

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException e)
            throws IOException {
        boolean shown = request.getHeader(HttpHeaders.AUTHORIZATION) != null;
        if (e instanceof AuthenticationServiceException) {
            refusals.count(Reason.ISSUER_UNAVAILABLE, request);
            response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(ISSUER_RETRY_SECONDS));
            write(response, ProblemType.ISSUER_UNAVAILABLE, "Whether the token is good cannot be told now: try again");
            return;
        }
        long wait = shown ? failures.take(Addresses.counted(request.getRemoteAddr())) : 0;
        if (wait > 0) {
            refusals.count(Reason.TOO_MANY_FAILURES, request);
            tooOften(response, wait, "Credentials that are not good have come from this address too often");
            return;
        }
        refusals.count(shown ? Reason.BAD_CREDENTIALS : Reason.NO_CREDENTIALS, request);
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, shown ? "Bearer error=\"invalid_token\"" : "Bearer");
        write(
                response,
                ProblemType.UNAUTHENTICATED,
                shown
                        ? "The credentials in Authorization are not good"
                        : "Authorization must be Bearer and a token, or the connection must show a client certificate"
                                + " that is known");
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException e)
            throws IOException {
        refusals.count(Reason.FORBIDDEN, request);
        write(
                response,
                ProblemType.FORBIDDEN,
                e instanceof ForbiddenException known ? known.detail() : ProblemType.FORBIDDEN.title());
    }

    /** The caller has asked too often. */
    void tooOften(HttpServletRequest request, HttpServletResponse response, long waitSeconds) throws IOException {
        refusals.count(Reason.RATE_EXCEEDED, request);
        tooOften(response, waitSeconds, "The caller has asked too often");
    }

    private void tooOften(HttpServletResponse response, long waitSeconds, String detail) throws IOException {
        response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(waitSeconds));
        write(response, ProblemType.RATE_EXCEEDED, detail + ": try again after " + waitSeconds + " s");
    }

    /** As many requests of the caller are under way as may be. */
    void tooManyAtOnce(HttpServletRequest request, HttpServletResponse response, int most) throws IOException {
        refusals.count(Reason.TOO_MANY_AT_ONCE, request);
        response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(AT_ONCE_RETRY_SECONDS));
        write(
                response,
                ProblemType.TOO_MANY_AT_ONCE,
                "The pod takes at most " + most + " requests of one caller at once");
    }

    void crossSite(HttpServletRequest request, HttpServletResponse response, String detail) throws IOException {
        refusals.count(Reason.CROSS_SITE, request);
        write(response, ProblemType.CROSS_SITE, detail);
    }

    void noSuchMethod(HttpServletResponse response) throws IOException {
        response.setHeader(HttpHeaders.ALLOW, String.join(", ", METHODS));
        write(response, ProblemType.METHOD_NOT_ALLOWED, "The method must be one of " + METHODS);
    }

    private void write(HttpServletResponse response, ProblemType type, String detail) throws IOException {
        byte[] body = json.writeValueAsBytes(type.problem(detail));
        response.setStatus(type.status().value());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
