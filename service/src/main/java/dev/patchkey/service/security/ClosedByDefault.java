package dev.patchkey.service.security;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Refuses to start a service that strangers could use: before any port is open, and before the store is.
 *
 * <p>A setting that says who may come in must also be one that works, so what would be ignored is refused too.
 */
final class ClosedByDefault implements BeanFactoryPostProcessor {

    private static final String JWT = "spring.security.oauth2.resourceserver.jwt.";
    static final String ISSUER = JWT + "issuer-uri";
    static final String KEYS = JWT + "jwk-set-uri";
    static final String PUBLIC_KEY = JWT + "public-key-location";
    private static final String FORWARDING = "server.forward-headers-strategy";
    private static final Set<String> CLIENT_AUTH = Set.of("want", "need");

    private final Environment environment;

    private boolean known;
    private boolean takesJwts;

    ClosedByDefault(Environment environment) {
        this.environment = environment;
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        SecurityProperties properties =
                Binder.get(environment).bindOrCreate(SecurityProperties.PREFIX, SecurityProperties.class);
        takesJwts = takesJwts(environment);
        known = properties.knowsCallers() || takesJwts;
        CallerSettings.require(
                !known || !properties.open(),
                "patchkey.security.open must be false where tokens, JWTs or certificates say who may come in");
        requireNoForwarding();
        if (takesJwts) {
            requireAudience();
            CallerSettings.require(
                    isSet(properties.jwt().prefixesClaim()),
                    "patchkey.security.jwt.prefixes-claim must name the claim with the prefixes of the keys that a JWT is"
                            + " for, or be '" + Caller.ANY_KEY + "' for all keys");
        }
        if (!properties.certificates().isEmpty()) {
            requireClientCertificates(properties.certificates());
        }
        if (!known && !properties.open()) {
            requireLoopback("server.address", environment.getProperty("server.address"));
            if (ManagementPortType.get(environment) == ManagementPortType.DIFFERENT) {
                requireLoopback("management.server.address", environment.getProperty("management.server.address"));
            }
        }
    }

    /**
     * Whether the service knows credentials, and so lets in nobody without. What has been found before the start is what
     * the filters go by: were it decided anew there, a difference would let everybody in where strangers are.
     */
    boolean knowsCallers() {
        return known;
    }

    /**
     * Is asked when it has turned out whether JWTs can be read.
     *
     * @throws IllegalArgumentException if that differs from what the settings have said
     */
    void requireJwts(boolean readable) {
        CallerSettings.require(
                readable == takesJwts,
                JWT + "issuer-uri, .jwk-set-uri or .public-key-location must be where the keys are of those who issue"
                        + " JWTs, or all of them must be empty");
    }

    /** Jetty would take the headers of whoever sends them, and so everybody could choose the address that limits count. */
    private void requireNoForwarding() {
        CallerSettings.require(
                "none".equalsIgnoreCase(environment.getProperty(FORWARDING)),
                FORWARDING + " must be none, or anybody could choose the address and the host that a request seems to"
                        + " have");
    }

    /** Whether an issuer of JWTs is configured, which can be asked for its keys. */
    static boolean namesIssuer(Environment environment) {
        return isSet(environment.getProperty(ISSUER)) || isSet(environment.getProperty(KEYS));
    }

    /** Whether anything says whose JWTs are good. */
    static boolean takesJwts(Environment environment) {
        return namesIssuer(environment) || isSet(environment.getProperty(PUBLIC_KEY));
    }

    /** Or a JWT that was made for any other service of the issuer would be good here. */
    private void requireAudience() {
        List<String> audiences = Binder.get(environment)
                .bind(JWT + "audiences", String[].class)
                .map(List::of)
                .orElse(List.of());
        CallerSettings.require(
                audiences.stream().anyMatch(ClosedByDefault::isSet),
                JWT + "audiences must name this service as its issuer's JWTs do in their claim aud");
    }

    private void requireClientCertificates(List<CertificateSettings> certificates) {
        Certificates unused = Certificates.of(SecurityProperties.CERTIFICATES, certificates);
        String auth = String.valueOf(environment.getProperty("server.ssl.client-auth"));
        CallerSettings.require(
                isSet(environment.getProperty("server.ssl.bundle"))
                        && CLIENT_AUTH.contains(auth.toLowerCase(Locale.ROOT)),
                "patchkey.security.certificates must come with server.ssl.bundle, and with server.ssl.client-auth want or"
                        + " need, or no certificate is ever asked for");
    }

    private static void requireLoopback(String setting, @Nullable String address) {
        if (!isSet(address)) {
            throw new OpenToOthersException(setting + " is empty, so others can reach the service on all addresses of"
                    + " this machine, and nothing says who may come in.");
        }
        if (!isLoopback(String.valueOf(address))) {
            throw new OpenToOthersException(setting + " is " + address
                    + ", where others can reach the service, and nothing says who may come in.");
        }
    }

    /** Whether only this machine reaches the address; an empty one is all addresses. */
    static boolean isLoopback(String address) {
        try {
            return !address.isEmpty() && InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean isSet(@Nullable String value) {
        return value != null && !value.isBlank();
    }
}
