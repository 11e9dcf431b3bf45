package dev.patchkey.service.security;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.io.InputStream;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.core.io.Resource;
import org.springframework.security.converter.RsaKeyConverters;

/** The one public key that all JWTs must be signed with, where it is configured itself and no issuer can be asked. */
final class SingleKey {

    private SingleKey() {}

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException if there is none, or it is no RSA key in PEM
     */
    static JWKSource<SecurityContext> of(OAuth2ResourceServerProperties.Jwt settings) {
        List<JWK> key = List.of(new RSAKey.Builder(read(settings.getPublicKeyLocation())).build());
        // Whatever the JWT calls it, by a kid that nothing here knows.
        return (selector, context) -> key;
    }

    private static RSAPublicKey read(@Nullable Resource location) {
        String rule = ClosedByDefault.PUBLIC_KEY + " must be where an RSA public key is, in PEM";
        if (location == null) {
            throw new IllegalArgumentException(rule);
        }
        try (InputStream pem = location.getInputStream()) {
            return Objects.requireNonNull(RsaKeyConverters.x509().convert(pem));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(rule, e);
        }
    }
}
