package dev.patchkey.service.security;

import dev.patchkey.service.limits.LimitProperties;
import dev.patchkey.service.limits.Places;
import dev.patchkey.service.limits.Rates;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.authentication.preauth.AbstractPreAuthenticatedProcessingFilter;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.header.HeaderWriterFilter;
import tools.jackson.databind.json.JsonMapper;

/**
 * The filters before every call, on the port of the API and that of the management: a guard against browsers, then who
 * asks, how often, and whether the call takes the caller's role. Nothing is kept from one request to the next.
 */
@Configuration(proxyBeanMethods = false)
public class SecurityConfiguration {

    private static final Logger log = LoggerFactory.getLogger(SecurityConfiguration.class);

    /** An observation for each filter of each request would cost as much as the request itself. */
    @Bean
    static SecurityObservationSettings securityObservationSettings() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    static ClosedByDefault closedByDefault(Environment environment) {
        return new ClosedByDefault(environment);
    }

    @Bean
    PortTls portTls(Environment environment, ObjectProvider<SslBundles> bundles) {
        return new PortTls(environment, bundles);
    }

    @Bean
    Credentials credentials(SecurityProperties properties, PortTls tls, MeterRegistry registry) {
        Credentials credentials = new Credentials(
                properties.configured(),
                tls.takesCertificates(),
                properties.tokensFile(),
                properties.tokensFileCheck(),
                InstantSource.system());
        if (properties.tokensFile() != null) {
            credentials.showFile(registry);
        }
        return credentials;
    }

    @Bean
    Refusals refusals(MeterRegistry registry) {
        return new Refusals(registry);
    }

    /** Where an issuer is named, which can be asked for its keys. */
    static final class AnIssuer implements Condition {
        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return ClosedByDefault.namesIssuer(context.getEnvironment());
        }
    }

    @Bean
    @Conditional(AnIssuer.class)
    IssuerKeys issuerKeys(OAuth2ResourceServerProperties properties) {
        String keys = properties.getJwt().getJwkSetUri();
        return new IssuerKeys(
                keys == null || keys.isBlank()
                        ? Issuer.named(
                                ClosedByDefault.ISSUER,
                                String.valueOf(properties.getJwt().getIssuerUri()))
                        : Issuer.withKeysAt(ClosedByDefault.KEYS, keys));
    }

    @Bean
    JwtRefusals jwtRefusals() {
        return new JwtRefusals();
    }

    /** Where anything is said of JWTs at all. */
    static final class Jwts implements Condition {
        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return ClosedByDefault.takesJwts(context.getEnvironment());
        }
    }

    /**
     * In place of Boot's, which waits for an issuer that is silent, asks it for each key that it has not, and has no word
     * for what it refuses.
     */
    @Bean
    @Conditional(Jwts.class)
    JwtDecoder jwtDecoder(
            ObjectProvider<IssuerKeys> issuer, OAuth2ResourceServerProperties properties, JwtRefusals refusals) {
        IssuerKeys keys = issuer.getIfAvailable();
        return IssuerJwts.decoder(
                keys == null ? SingleKey.of(properties.getJwt()) : keys, properties.getJwt(), refusals);
    }

    @Bean
    SecurityProblems securityProblems(JsonMapper json, LimitProperties limits, Refusals refusals) {
        return new SecurityProblems(
                json,
                Rates.of(limits.failuresPerMinute(), Duration.ofMinutes(1), Math.max(1, limits.failuresPerMinute())),
                refusals);
    }

    /**
     * What the firewall refuses is answered as an error of the path or the header that it is. A method that no call has, such
     * as TRACE, gets its answer here: where errors are answered, a TRACE would be, by the request's own headers.
     */
    @Bean
    RequestRejectedHandler requestRejectedHandler(SecurityProblems problems) {
        return (request, response, rejected) -> {
            if (SecurityProblems.METHODS.contains(request.getMethod())) {
                response.sendError(400);
            } else {
                problems.noSuchMethod(response);
            }
        };
    }

    @Bean
    SecurityFilterChain everyCall(
            HttpSecurity http,
            ClosedByDefault closed,
            SecurityProperties properties,
            LimitProperties limits,
            Credentials credentials,
            SecurityProblems problems,
            ObjectProvider<JwtDecoder> jwtDecoder,
            JwtRefusals jwtRefusals,
            PortTls tls) {
        JwtDecoder jwts = jwtDecoder.getIfAvailable();
        closed.requireJwts(jwts != null);
        boolean known = closed.knowsCallers();
        Rates requests = Rates.of(limits.requestsPerSecond(), Duration.ofSeconds(1), limits.burst());
        http.csrf(AbstractHttpConfigurer::disable)
                .formLogin(AbstractHttpConfigurer::disable)
                .httpBasic(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .exceptionHandling(
                        refused -> refused.authenticationEntryPoint(problems).accessDeniedHandler(problems))
                .authorizeHttpRequests(calls -> calls.anyRequest().access(new AccessRules()))
                .addFilterAfter(new BrowserGuard(!known && !properties.open(), problems), HeaderWriterFilter.class)
                .addFilterBefore(
                        new RequestLimit(requests, new Places(limits.requestsAtOnce()), problems),
                        AuthorizationFilter.class);
        if (known) {
            tls.warnOfReadable();
            if (!properties.certificates().isEmpty()) {
                tls.requireTrustStores();
            }
            if (credentials.takesCertificates()) {
                http.addFilterAt(new CertificateFilter(credentials), AbstractPreAuthenticatedProcessingFilter.class);
            }
            http.addFilterAt(
                    bearer(credentials, jwts, properties, problems, jwtRefusals), BasicAuthenticationFilter.class);
        } else {
            http.addFilterBefore(new EverybodyFilter(), AnonymousAuthenticationFilter.class);
            if (properties.open()) {
                log.warn("patchkey.security.open is true: anybody who can reach the port may do anything");
            }
        }
        return http.build();
    }

    private static BearerTokenAuthenticationFilter bearer(
            Credentials credentials,
            @Nullable JwtDecoder jwts,
            SecurityProperties properties,
            SecurityProblems problems,
            JwtRefusals refusals) {
        AuthenticationManager ofJwts = jwts == null ? null : jwtManager(jwts, properties, refusals);
        AuthenticationManager manager = shown -> {
            String token = ((BearerTokenAuthenticationToken) shown).getToken();
            Caller caller = credentials.find(token);
            if (caller != null) {
                return new CallerAuthentication(caller);
            }
            // However often others of the address have failed: a good one is never taken for theirs.
            if (Tokens.isToken(token) || ofJwts == null) {
                throw new InvalidBearerTokenException("not known");
            }
            return ofJwts.authenticate(shown);
        };
        BearerTokenAuthenticationFilter filter = new BearerTokenAuthenticationFilter(manager);
        filter.setAuthenticationEntryPoint(problems);
        filter.setAuthenticationFailureHandler(problems::commence);
        return filter;
    }

    private static AuthenticationManager jwtManager(
            JwtDecoder jwts, SecurityProperties properties, JwtRefusals refusals) {
        JwtAuthenticationProvider provider = new JwtAuthenticationProvider(jwts);
        provider.setJwtAuthenticationConverter(new JwtCallers(properties.jwt(), refusals));
        return shown -> {
            // Or what is no JWT would be answered 503 while the issuer cannot be asked.
            if (!IssuerJwts.isSigned(((BearerTokenAuthenticationToken) shown).getToken())) {
                refusals.count(
                        JwtRefusals.Reason.FORM,
                        "What is shown must be a signed JWT in its compact form of three parts, or a token of this service");
                throw new InvalidBearerTokenException("not a signed JWT");
            }
            return provider.authenticate(shown);
        };
    }
}
