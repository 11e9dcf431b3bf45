package dev.patchkey.service.security;

import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.limits.Rates;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Answers a caller that asks too often with 429. Callers who are nobody are told apart by their addresses; those of the
 * machine itself, where the service lets them all in, are not limited.
 */
final class RequestLimit extends OncePerRequestFilter {

    private final Rates requests;
    private final SecurityProblems problems;

    RequestLimit(Rates requests, SecurityProblems problems) {
        this.requests = requests;
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Principal principal = SecurityContextHolder.getContext().getAuthentication();
        String address = request.getRemoteAddr();
        long wait = 0;
        if (!(principal instanceof CallerAuthentication known)) {
            wait = requests.take(Addresses.counted(address));
        } else if (!known.caller().isEverybody() || !Addresses.isLoopback(address)) {
            wait = requests.take(known.caller().countedAs(Addresses.counted(address)));
        }
        if (wait > 0) {
            problems.tooOften(request, response, wait);
        } else {
            chain.doFilter(request, response);
        }
    }
}
