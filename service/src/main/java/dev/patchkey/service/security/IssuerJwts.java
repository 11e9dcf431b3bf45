package dev.patchkey.service.security;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** Which JWTs are good: signed with a key of the issuer, for this service, now. */
final class IssuerJwts {

    /** The compact form of RFC 7515: header, payload, signature, none of them empty. */
    private static final Pattern SIGNED = Pattern.compile("[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++");

    private IssuerJwts() {}

    /** Whether it has the form of a signed JWT. */
    static boolean isSigned(String shown) {
        return SIGNED.matcher(shown).matches();
    }

    /** @throws IllegalArgumentException if an algorithm is none that signs with a pair of keys */
    static JwtDecoder decoder(IssuerKeys keys, OAuth2ResourceServerProperties.Jwt settings) {
        NimbusJwtDecoder decoder = NimbusJwtDecoder.withJwkSource(keys)
                .jwsAlgorithms(algorithms -> {
                    for (String name : settings.getJwsAlgorithms()) {
                        SignatureAlgorithm algorithm = SignatureAlgorithm.from(name);
                        if (algorithm == null) {
                            throw new IllegalArgumentException(
                                    "spring.security.oauth2.resourceserver.jwt.jws-algorithms must be algorithms that sign"
                                            + " with a private key, such as RS256 or ES256, and has " + name);
                        }
                        algorithms.add(algorithm);
                    }
                })
                .build();
        List<OAuth2TokenValidator<Jwt>> rules = new ArrayList<>();
        String issuer = settings.getIssuerUri();
        if (issuer != null && !issuer.isBlank()) {
            rules.add(new JwtIssuerValidator(issuer));
        }
        List<String> audiences = settings.getAudiences();
        rules.add(new JwtClaimValidator<List<String>>(
                JwtClaimNames.AUD, claim -> claim != null && !Collections.disjoint(claim, audiences)));
        decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(rules));
        return decoder;
    }
}
