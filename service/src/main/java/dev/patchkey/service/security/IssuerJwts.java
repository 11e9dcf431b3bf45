package dev.patchkey.service.security;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import dev.patchkey.service.security.JwtRefusals.Reason;
import java.security.Key;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** Which JWTs are good: signed with a key of the issuer, for this service, now. */
final class IssuerJwts {

    /** The compact form of RFC 7515: header, payload, signature, none of them empty. */
    private static final Pattern SIGNED = Pattern.compile("[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++");

    private static final String ALGORITHMS = "spring.security.oauth2.resourceserver.jwt.jws-algorithms";

    /** Of JWTs that open something: in general, and of access tokens by RFC 9068. Others are made for something else. */
    private static final List<String> TYPES = List.of("JWT", "at+jwt", "application/at+jwt");

    private IssuerJwts() {}

    /** Whether it has the form of a signed JWT. */
    static boolean isSigned(String shown) {
        return SIGNED.matcher(shown).matches();
    }

    /**
     * What tells good ones from others.
     *
     * @throws IllegalArgumentException if an algorithm is none that signs with a pair of keys
     */
    static JwtDecoder decoder(
            JWKSource<SecurityContext> keys, OAuth2ResourceServerProperties.Jwt settings, JwtRefusals refusals) {
        Set<SignatureAlgorithm> algorithms =
                settings.getJwsAlgorithms().stream().map(IssuerJwts::algorithm).collect(Collectors.toSet());
        NimbusJwtDecoder decoder = NimbusJwtDecoder.withJwkSource(keys)
                .jwsAlgorithms(taken -> taken.addAll(algorithms))
                .jwtProcessorCustomizer(processor ->
                        processor.setJWSKeySelector(saying(processor.getJWSKeySelector(), algorithms, refusals)))
                .build();
        decoder.setJwtValidator(rules(settings, refusals));
        return decoder;
    }

    private static SignatureAlgorithm algorithm(String name) {
        SignatureAlgorithm algorithm = SignatureAlgorithm.from(name);
        if (algorithm == null) {
            throw new IllegalArgumentException(ALGORITHMS
                    + " must be algorithms that sign with a private key, such as RS256 or ES256, and has " + name);
        }
        return algorithm;
    }

    /** The same keys; says why there are none. */
    private static JWSKeySelector<SecurityContext> saying(
            JWSKeySelector<SecurityContext> selector, Set<SignatureAlgorithm> algorithms, JwtRefusals refusals) {
        return (header, context) -> {
            List<? extends Key> found = selector.selectJWSKeys(header, context);
            if (found.isEmpty()) {
                SignatureAlgorithm shown = SignatureAlgorithm.from(
                        String.valueOf(header.getAlgorithm().getName()));
                if (shown == null || !algorithms.contains(shown)) {
                    refusals.count(Reason.ALGORITHM, "The header alg must be one of those of " + ALGORITHMS);
                } else {
                    refusals.count(Reason.KEY, "The issuer must have a key of that alg and kid");
                }
            }
            return found;
        };
    }

    /** What a JWT must say whose signature is good. The first rule that it breaks is told. */
    private static OAuth2TokenValidator<Jwt> rules(OAuth2ResourceServerProperties.Jwt settings, JwtRefusals refusals) {
        List<Rule> rules = new ArrayList<>();
        JwtTypeValidator types = new JwtTypeValidator(TYPES);
        types.setAllowEmpty(true);
        rules.add(new Rule(Reason.TYPE, "The header typ must be one of " + TYPES + ", or not be there", types));
        rules.add(new Rule(
                Reason.TIME, "The claims exp and nbf must fit the clock of this machine", new JwtTimestampValidator()));
        String issuer = settings.getIssuerUri();
        if (issuer != null && !issuer.isBlank()) {
            rules.add(new Rule(
                    Reason.ISSUER,
                    "The claim iss must be spring.security.oauth2.resourceserver.jwt.issuer-uri, by the letter",
                    new JwtIssuerValidator(issuer)));
        }
        List<String> audiences = settings.getAudiences();
        rules.add(new Rule(
                Reason.AUDIENCE,
                "The claim aud must have one of spring.security.oauth2.resourceserver.jwt.audiences",
                new JwtClaimValidator<List<String>>(
                        JwtClaimNames.AUD, claim -> claim != null && !Collections.disjoint(claim, audiences))));
        // What is left of what the library asks for in any case, now and later.
        rules.add(new Rule(
                Reason.BINDING,
                "The claim cnf must be that of the client certificate which the connection shows, or not be there",
                JwtValidators.createDefaultWithValidators(List.of(types))));
        return jwt -> {
            for (Rule rule : rules) {
                OAuth2TokenValidatorResult result = rule.validator().validate(jwt);
                if (result.hasErrors()) {
                    refusals.count(rule.reason(), rule.text());
                    return result;
                }
            }
            return OAuth2TokenValidatorResult.success();
        };
    }

    /** One of them, as the log says it. */
    private record Rule(Reason reason, String text, OAuth2TokenValidator<Jwt> validator) {}
}
