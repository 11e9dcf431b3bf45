package dev.patchkey.service.security;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.http.HttpMethod;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;

/**
 * Which call takes which role; the first rule that fits decides. Which keys and holders the caller may name is decided
 * where they are read from the request.
 */
final class AccessRules implements AuthorizationManager<RequestAuthorizationContext> {

    private record Rule(RequestMatcher calls, Set<Role> roles) {}

    private static final Set<String> READS = Set.of("GET", "HEAD");

    // Each remembers where the endpoints of its service are.
    private final RequestMatcher health = EndpointRequest.to("health");
    private final RequestMatcher management = EndpointRequest.toAnyEndpoint();

    /** They name keys and holders, whatever their prefix. */
    private final RequestMatcher metrics = EndpointRequest.to("metrics", "prometheus");

    private final List<Rule> rules = List.of(
            new Rule(request -> !isRead(request) && management.matches(request), EnumSet.of(Role.ADMIN)),
            new Rule(reads("/v1/channel"), EnumSet.of(Role.NODE)),
            new Rule(reads("/v1/keys/{key}"), EnumSet.of(Role.OBSERVER, Role.NODE)),
            new Rule(calls(HttpMethod.DELETE, "/v1/keys/{key}"), EnumSet.of(Role.ADMIN)),
            new Rule(calls(HttpMethod.PUT, "/v1/keys/{key}/holds/{holder}"), EnumSet.of(Role.OPERATOR, Role.NODE)),
            new Rule(calls(HttpMethod.DELETE, "/v1/keys/{key}/holds/{holder}"), EnumSet.of(Role.OPERATOR, Role.NODE)),
            new Rule(calls(HttpMethod.POST, "/**"), EnumSet.of(Role.OPERATOR)),
            new Rule(calls(HttpMethod.PUT, "/**"), EnumSet.of(Role.OPERATOR)),
            new Rule(calls(HttpMethod.PATCH, "/**"), EnumSet.of(Role.OPERATOR)),
            new Rule(calls(HttpMethod.DELETE, "/**"), EnumSet.of(Role.ADMIN)),
            new Rule(any("/v1/tokens"), EnumSet.of(Role.ADMIN)),
            new Rule(any("/**"), EnumSet.of(Role.OBSERVER)));

    private static boolean isRead(HttpServletRequest request) {
        return READS.contains(request.getMethod());
    }

    private static RequestMatcher calls(HttpMethod method, String path) {
        return PathPatternRequestMatcher.withDefaults().matcher(method, path);
    }

    /** HEAD does what GET does, but for the content of the answer. */
    private static RequestMatcher reads(String path) {
        return new OrRequestMatcher(calls(HttpMethod.GET, path), calls(HttpMethod.HEAD, path));
    }

    private static RequestMatcher any(String path) {
        return PathPatternRequestMatcher.withDefaults().matcher(path);
    }

    /** @throws ForbiddenException if the caller is known, and has none of the roles or not the keys that it takes */
    @Override
    public AuthorizationDecision authorize(
            Supplier<? extends @Nullable Authentication> authentication, RequestAuthorizationContext context) {
        HttpServletRequest request = context.getRequest();
        // An error is shown to whoever made it; and whether the pod is well is asked by those that start and stop it.
        if (request.getDispatcherType() == DispatcherType.ERROR || (isRead(request) && health.matches(request))) {
            return new AuthorizationDecision(true);
        }
        if (!(authentication.get() instanceof CallerAuthentication known)) {
            return new AuthorizationDecision(false);
        }
        Set<Role> needed = rules.stream()
                .filter(rule -> rule.calls().matches(request))
                .findFirst()
                .map(Rule::roles)
                .orElse(EnumSet.of(Role.ADMIN));
        if (!known.caller().hasAny(needed)) {
            throw known.caller().lacks(needed);
        }
        if (isRead(request) && metrics.matches(request)) {
            known.caller().requireAllKeys();
        }
        return new AuthorizationDecision(true);
    }
}
