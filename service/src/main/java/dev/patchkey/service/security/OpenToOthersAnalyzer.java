package dev.patchkey.service.security;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Says what to set where a service that knows no credentials would have been open to others. Comes before the analyzer of
 * wrong settings: the address may be right, and what mends it is another setting.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class OpenToOthersAnalyzer extends AbstractFailureAnalyzer<OpenToOthersException> {

    @Override
    protected FailureAnalysis analyze(Throwable root, OpenToOthersException cause) {
        return new FailureAnalysis(cause.getMessage(), """
                Say who may come in, by one or several of these (docs/how-to/secure.md has the steps):
                  patchkey.security.tokens or patchkey.security.tokens-file: bearer tokens
                  spring.security.oauth2.resourceserver.jwt.issuer-uri: JWTs
                  patchkey.security.certificates: client certificates
                Or let the service listen on loopback only: server.address=127.0.0.1, and with a management.server.port \
                of its own management.server.address=127.0.0.1.
                Or set patchkey.security.open=true: then anybody who can reach the port may do anything.\
                """, cause);
    }
}
