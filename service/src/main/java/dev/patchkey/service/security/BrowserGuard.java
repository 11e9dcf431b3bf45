package dev.patchkey.service.security;

import dev.patchkey.service.limits.Addresses;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses what a page of somebody else's makes a browser send. A bearer token is never sent by itself, so a request that
 * shows one is none of these; but a browser does send a client certificate by itself, and it reaches a service on loopback
 * that lets anybody in.
 *
 * <p>There a page can also have its own name point to the loopback address (DNS rebinding): then the browser takes the
 * service for the page's own server, and only the name in {@code Host} tells.
 */
final class BrowserGuard extends OncePerRequestFilter {

    private static final Set<String> OUR_PAGES = Set.of("same-origin", "none");

    private final boolean loopbackOnly;
    private final SecurityProblems problems;

    /** @param loopbackOnly whether the service lets anybody in, and that only because nobody else can reach it */
    BrowserGuard(boolean loopbackOnly, SecurityProblems problems) {
        this.loopbackOnly = loopbackOnly;
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (loopbackOnly && !isLoopback(request.getServerName())) {
            problems.crossSite(
                    request,
                    response,
                    "Host must be localhost or a loopback address, since this service lets in whoever is on its machine");
        } else if (request.getHeader(HttpHeaders.AUTHORIZATION) == null && isOfAnotherSite(request)) {
            problems.crossSite(request, response, "The request must not be sent by a page of another origin");
        } else {
            chain.doFilter(request, response);
        }
    }

    private static boolean isLoopback(@Nullable String host) {
        if (host == null) {
            return false;
        }
        String name = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return name.equalsIgnoreCase("localhost") || Addresses.isLoopback(name);
    }

    private static boolean isOfAnotherSite(HttpServletRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null && !OUR_PAGES.contains(site)) {
            return true;
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        String host = request.getHeader(HttpHeaders.HOST);
        return origin != null
                && !(origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host));
    }
}
