package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Refuses what would otherwise be ignored in silence: query parameters that a call does not have, whatever is given twice,
 * path parameters, bodies of calls that take none. {@code ?awiat=applied} would answer "committed" to a caller who asked for
 * "applied". A body that nobody reads would also seem never to have arrived, and its connection be given up as slow while
 * the call waits.
 */
@Component
class ParameterCheck implements HandlerInterceptor, WebMvcConfigurer {

    private static final List<String> GIVEN_ONCE =
            List.of("Idempotency-Key", HoldsController.SESSION, HoldsController.INCARNATION, HoldsController.OPERATION);

    private final Map<HandlerMethod, Set<String>> known = new ConcurrentHashMap<>();

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this)
                .addPathPatterns("/v1/keys/**", "/v1/keys", "/v1/nodes/**", "/v1/nodes", "/v1/watch", "/v1/tokens");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        // What follows a semicolon would be taken off the path, and another key be changed than the one that was sent.
        if (request.getRequestURI().contains(";")) {
            throw ProblemException.invalid("path", "without a semicolon");
        }
        for (String name : GIVEN_ONCE) {
            if (Collections.list(request.getHeaders(name)).size() > 1) {
                throw ProblemException.invalid(name, "given once");
            }
        }
        if (handler instanceof HandlerMethod method && hasBody(request) && !takesBody(method)) {
            throw ProblemException.of(ProblemType.INVALID_BODY, "This call takes no body");
        }
        if (handler instanceof HandlerMethod method && request.getQueryString() != null) {
            checkParameters(request, known.computeIfAbsent(method, ParameterCheck::names));
        }
        return true;
    }

    /** By its headers; a body in chunks may still turn out to be empty. */
    private static boolean hasBody(HttpServletRequest request) {
        return request.getContentLengthLong() > 0 || request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null;
    }

    private static boolean takesBody(HandlerMethod method) {
        return Arrays.stream(method.getMethodParameters())
                .anyMatch(parameter -> parameter.hasParameterAnnotation(RequestBody.class));
    }

    private static void checkParameters(HttpServletRequest request, Set<String> names) {
        for (String name : Collections.list(request.getParameterNames())) {
            if (!names.contains(name)) {
                throw ProblemException.invalid("parameter " + printable(name), "one of " + names);
            }
            if (request.getParameterValues(name).length > 1) {
                throw ProblemException.invalid(name, "given once");
            }
        }
    }

    private static Set<String> names(HandlerMethod method) {
        List<String> names = Arrays.stream(method.getMethodParameters())
                .filter(parameter -> parameter.hasParameterAnnotation(RequestParam.class))
                .map(MethodParameter::getParameter)
                .map(parameter -> parameter.getName())
                .toList();
        return new TreeSet<>(names);
    }

    private static String printable(String name) {
        String shown = name.length() > 64 ? name.substring(0, 64) : name;
        return shown.replaceAll("[^\\x21-\\x7e]", "?");
    }
}
