package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.refcount.KeyName;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.SizeLimitHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Bounds the bodies of requests, and answers what Jetty itself refuses, before any servlet sees it, as a problem too. */
@Component
class JettyProblems implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    /** The longest body, far above what any call takes. */
    static final int LONGEST_BODY = 64 * 1024;

    private static final int NO_LIMIT = -1;

    private final JsonMapper json;

    JettyProblems(JsonMapper json) {
        this.json = json;
    }

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            server.insertHandler(new BodyLimit());
            server.setErrorHandler(new ProblemHandler());
        });
    }

    /** The status with which Jetty has refused to go on reading a body, or null if this is no such failure. */
    static @Nullable HttpStatus refusedBody(Throwable failure) {
        // A bound against a cycle of causes; Jetty's own exception is at most a few levels down.
        int depth = 0;
        for (Throwable t = failure; t != null && depth < 16; t = t.getCause(), depth++) {
            if (t instanceof HttpException refused) {
                return HttpStatus.resolve(refused.getCode());
            }
        }
        return null;
    }

    private byte[] problem(Request request, int code, @Nullable String message) {
        HttpStatus known = HttpStatus.resolve(code);
        ProblemType type = ProblemType.of(known == null ? HttpStatus.BAD_REQUEST : known);
        String detail = message == null || message.isBlank() ? type.title() : message;
        String field = null;
        if (type == ProblemType.BODY_TOO_LARGE) {
            detail = "The body must be at most " + LONGEST_BODY + " bytes";
        } else if (code == HttpStatus.BAD_REQUEST.value() && isOfAKey(request)) {
            // Jetty refuses encoded slashes, controls and broken UTF-8 before the key can be looked at.
            type = ProblemType.INVALID_FIELD;
            field = "key";
            detail = "key must be " + KeyName.RULE + "; the path was refused: " + detail;
        }
        ProblemDetail problem = Problems.problem(type, field, detail);
        problem.setStatus(code);
        return json.writeValueAsBytes(problem);
    }

    private static boolean isOfAKey(Request request) {
        // As it was sent: a path that could not be decoded is none.
        return isOfAKey(request.getHttpURI().asString());
    }

    /** Whether what was wrong with the path of a request is most likely a key's name. */
    static boolean isOfAKey(@Nullable String uri) {
        return uri != null && uri.contains("/v1/keys/");
    }

    /**
     * Jetty's, which counts what is read of a body by wrapping each request and its response. A body whose length is told
     * ahead needs none of it: the parser reads no more than that.
     */
    private static final class BodyLimit extends SizeLimitHandler {

        BodyLimit() {
            super(LONGEST_BODY, NO_LIMIT);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            Handler next = getHandler();
            return (next != null && isToldToFit(request))
                    ? next.handle(request, response, callback)
                    : super.handle(request, response, callback);
        }

        private static boolean isToldToFit(Request request) {
            // HTTP/2 sends bodies of which it has told no length.
            return request.getConnectionMetaData().getHttpVersion().getVersion() <= HttpVersion.HTTP_1_1.getVersion()
                    && !request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)
                    && request.getLength() <= LONGEST_BODY;
        }
    }

    private final class ProblemHandler extends ErrorHandler {

        @Override
        protected void generateResponse(
                Request request,
                Response response,
                int code,
                @Nullable String message,
                @Nullable Throwable cause,
                Callback callback) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, MediaType.APPLICATION_PROBLEM_JSON_VALUE);
            response.write(true, ByteBuffer.wrap(problem(request, code, message)), callback);
        }
    }
}
