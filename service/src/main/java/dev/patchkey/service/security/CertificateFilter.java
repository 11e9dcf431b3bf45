package dev.patchkey.service.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.cert.X509Certificate;
import org.springframework.http.HttpHeaders;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Takes in whoever has shown a good client certificate. A request that shows anything in {@code Authorization} is judged by
 * that alone: no certificate makes up for a token that is not good.
 *
 * <p>TLS looks at a certificate when a connection begins, and requests may come by it when the certificate has ended.
 */
final class CertificateFilter extends OncePerRequestFilter {

    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    private final Credentials credentials;

    CertificateFilter(Credentials credentials) {
        this.credentials = credentials;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (request.getHeader(HttpHeaders.AUTHORIZATION) == null
                && request.getAttribute(CERTIFICATES) instanceof X509Certificate[] shown
                && shown.length > 0) {
            Caller caller = credentials.find(shown[0]);
            if (caller != null && credentials.areGood(caller)) {
                SecurityContextHolder.setContext(new SecurityContextImpl(new CallerAuthentication(caller)));
            }
        }
        chain.doFilter(request, response);
    }
}
