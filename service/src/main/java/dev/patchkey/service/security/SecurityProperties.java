package dev.patchkey.service.security;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who is let in, and as what. A field that is none of these stops the start. That does not reach the environment, where
 * Boot passes over unknown names; so a field whose absence would let more in is required.
 *
 * @param open whether anybody who can reach the port is an admin, wherever the service listens
 * @param tokens whose bearer tokens are good
 * @param tokensFile a YAML file with more of them, under {@code tokens}, and of certificates, under {@code certificates};
 *     it may change while the service runs
 * @param tokensFileCheck how often it is looked at; from 100 ms to 1 h
 * @param jwt what is read from a JWT
 * @param certificates whose client certificates are good
 */
@ConfigurationProperties(prefix = SecurityProperties.PREFIX, ignoreUnknownFields = false)
record SecurityProperties(
        @DefaultValue("false") boolean open,
        @DefaultValue List<TokenSettings> tokens,
        @Nullable Path tokensFile,
        @DefaultValue("5s") Duration tokensFileCheck,
        @DefaultValue JwtSettings jwt,
        @DefaultValue List<CertificateSettings> certificates) {

    static final String PREFIX = "patchkey.security";
    static final String CERTIFICATES = PREFIX + ".certificates";

    private static final Duration SHORTEST_CHECK = Duration.ofMillis(100);
    private static final Duration LONGEST_CHECK = Duration.ofHours(1);

    /**
     * What is read from a JWT. A claim is named as it is, or by a path of names with dots between them.
     *
     * @param roleClaim a text or a list of texts, those of which count that are a role's name behind the prefix
     * @param rolePrefix what a role's name begins with there, so that an {@code admin} of something else is none here
     * @param nameClaim the caller's name, which the issuer must never give to another
     * @param prefixesClaim a list of prefixes of keys, {@code *} for all; a JWT that has no such claim is for none. The
     *     setting must be there where JWTs are taken; where it is itself {@code *}, every JWT is for all keys
     * @param readPrefixesClaim likewise of the keys that may be read besides; none where the setting is not there
     */
    record JwtSettings(
            @DefaultValue("roles") String roleClaim,
            @DefaultValue("patchkey-") String rolePrefix,
            @DefaultValue("sub") String nameClaim,
            @Nullable String prefixesClaim,
            @Nullable String readPrefixesClaim) {}

    /**
     * One caller's certificate.
     *
     * @param subject the distinguished name, whole, or a URI that is among the subject's alternative names
     * @param name the caller's name
     * @param role its role
     * @param prefixes of the keys that it may use, {@code *} for all; never empty
     * @param readPrefixes of the keys that it may read besides
     */
    record CertificateSettings(
            @Nullable String subject,
            @Nullable String name,
            @Nullable String role,
            @DefaultValue List<String> prefixes,
            @DefaultValue List<String> readPrefixes) {}

    /** @throws IllegalArgumentException if a value breaks its rule */
    SecurityProperties {
        CallerSettings.require(
                tokensFileCheck.compareTo(SHORTEST_CHECK) >= 0 && tokensFileCheck.compareTo(LONGEST_CHECK) <= 0,
                PREFIX + ".tokens-file-check must be from " + SHORTEST_CHECK + " to " + LONGEST_CHECK + ", and is "
                        + tokensFileCheck);
    }

    /** Whom the settings know, without the file. */
    Callers configured() {
        return new Callers(Tokens.of(PREFIX + ".tokens", tokens), Certificates.of(CERTIFICATES, certificates));
    }

    /** Whether there is any credential of our own to be shown. */
    boolean knowsCallers() {
        return !tokens.isEmpty() || tokensFile != null || !certificates.isEmpty();
    }
}
