package dev.patchkey.service.web;

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
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Refuses query parameters that a call does not have, and those given twice: {@code ?awiat=applied}, silently ignored,
 * would answer "done" to a caller who asked for "applied".
 */
@Component
class ParameterCheck implements HandlerInterceptor, WebMvcConfigurer {

    private final Map<HandlerMethod, Set<String>> known = new ConcurrentHashMap<>();

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this)
                .addPathPatterns("/v1/keys/**", "/v1/keys", "/v1/nodes/**", "/v1/nodes", "/v1/watch");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (handler instanceof HandlerMethod method && request.getQueryString() != null) {
            Set<String> names = known.computeIfAbsent(method, ParameterCheck::names);
            for (String name : Collections.list(request.getParameterNames())) {
                if (!names.contains(name)) {
                    throw ProblemException.invalid("parameter " + printable(name), "one of " + names);
                }
                if (request.getParameterValues(name).length > 1) {
                    throw ProblemException.invalid(name, "given once");
                }
            }
        }
        return true;
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
