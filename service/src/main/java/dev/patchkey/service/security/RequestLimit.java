package dev.patchkey.service.security;

import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.limits.Places;
import dev.patchkey.service.limits.Rates;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Answers a caller that asks too often, or for too much at once, with 429. Callers who are nobody are told apart by their
 * addresses; those of the machine itself, where the service lets them all in, are not limited.
 */
final class RequestLimit extends OncePerRequestFilter {

    private final Rates requests;
    private final Places underWay;
    private final SecurityProblems problems;

    RequestLimit(Rates requests, Places underWay, SecurityProblems problems) {
        this.requests = requests;
        this.underWay = underWay;
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String counted = counted(request);
        if (counted == null) {
            chain.doFilter(request, response);
            return;
        }
        long wait = requests.take(counted);
        if (wait > 0) {
            problems.tooOften(request, response, wait);
        } else if (!underWay.tryTake(counted)) {
            problems.tooManyAtOnce(request, response, underWay.most());
        } else {
            try {
                chain.doFilter(request, response);
            } finally {
                underWay.giveBack(counted);
            }
        }
    }

    /**
     * What the caller is counted by; null if it is not. Nobody is counted by address and port: through the port of the API
     * strangers can share an address with Kubernetes, which asks the management's for probes.
     */
    private static @Nullable String counted(HttpServletRequest request) {
        String nobody = Addresses.counted(request.getRemoteAddr()) + " at " + request.getLocalPort();
        Principal principal = SecurityContextHolder.getContext().getAuthentication();
        if (!(principal instanceof CallerAuthentication known)) {
            return nobody;
        }
        return known.caller().isEverybody() && Addresses.isLoopback(request.getRemoteAddr())
                ? null
                : known.caller().countedAs(nobody);
    }
}
