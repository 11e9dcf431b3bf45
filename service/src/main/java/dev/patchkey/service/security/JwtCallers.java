package dev.patchkey.service.security;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.security.JwtRefusals.Reason;
import dev.patchkey.service.security.SecurityProperties.JwtSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.converter.Converter;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;

/** Reads the caller from a JWT whose signature, issuer, audience and times have been found good. */
final class JwtCallers implements Converter<Jwt, CallerAuthentication> {

    /** By how much clocks may differ: as long as the decoder still takes a JWT, the connections that it opened stand. */
    private static final Duration SKEW = Duration.ofSeconds(60);

    private final JwtSettings settings;
    private final JwtRefusals refusals;

    JwtCallers(JwtSettings settings, JwtRefusals refusals) {
        this.settings = settings;
        this.refusals = refusals;
    }

    @Override
    public CallerAuthentication convert(Jwt jwt) {
        String name = name(jwt);
        List<Role> roles = texts(claim(jwt, settings.roleClaim())).stream()
                .filter(value -> value.startsWith(settings.rolePrefix()))
                .map(value -> Role.of(value.substring(settings.rolePrefix().length())))
                .flatMap(Optional::stream)
                .toList();
        Prefixes keys =
                new Prefixes(prefixes(jwt, settings.prefixesClaim()), prefixes(jwt, settings.readPrefixesClaim()));
        return new CallerAuthentication(Caller.ofJwt(name, roles, keys, until(jwt)));
    }

    /** Escaped, so that the names which others build on it stay within their rules, and no two subjects become one. */
    private String name(Jwt jwt) {
        // One that is too long is not even looked at: it does not get shorter.
        String name = claim(jwt, settings.nameClaim()) instanceof String text && text.length() <= Caller.LONGEST_NAME
                ? NameEscape.escape(text)
                : null;
        if (name == null || name.isEmpty() || name.length() > Caller.LONGEST_NAME) {
            throw refused(
                    Reason.NAME,
                    ("The claim %s must be a text of 1 to %d characters, each of which counts as one if"
                                    + " it is of [A-Za-z0-9._@-], and else as three for each of its bytes in UTF-8")
                            .formatted(settings.nameClaim(), Caller.LONGEST_NAME));
        }
        return name;
    }

    /** When it is good no longer. One without an end would be so for good, and nothing here could take it back. */
    private Instant until(Jwt jwt) {
        Instant expires = jwt.getExpiresAt();
        if (expires == null) {
            throw refused(Reason.TIME, "The claim exp must be there");
        }
        return expires.plus(SKEW);
    }

    /** For the log; its caller is not told. */
    private InvalidBearerTokenException refused(Reason reason, String rule) {
        refusals.count(reason, rule);
        return new InvalidBearerTokenException(rule);
    }

    /** As many as a setting may have. Each request of the caller is compared with all of them. */
    private List<String> prefixes(Jwt jwt, @Nullable String name) {
        if (name == null) {
            return List.of();
        }
        if (name.equals(Caller.ANY_KEY)) {
            return List.of(Caller.ANY_KEY);
        }
        List<String> values = texts(claim(jwt, name));
        if (values.size() > CallerSettings.MOST_PREFIXES
                || values.stream().anyMatch(value -> value.length() > KeyName.LONGEST)) {
            throw refused(
                    Reason.PREFIXES,
                    "The claim %s must have at most %d values, each of at most %d characters"
                            .formatted(name, CallerSettings.MOST_PREFIXES, KeyName.LONGEST));
        }
        return values.stream().filter(CallerSettings::isPrefix).toList();
    }

    /** The claim of that name, or where the path of names leads; null if nowhere. */
    private static @Nullable Object claim(Jwt jwt, String path) {
        Object direct = jwt.getClaims().get(path);
        if (direct != null) {
            return direct;
        }
        Object found = jwt.getClaims();
        for (String step : path.split("\\.", -1)) {
            found = found instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return found;
    }

    /** Of a list those that are texts; of a text its words, as a scope has them. */
    private static List<String> texts(@Nullable Object value) {
        if (value instanceof String text) {
            return Arrays.asList(text.trim().split("\\s+", -1));
        }
        return value instanceof List<?> list
                ? list.stream()
                        .filter(String.class::isInstance)
                        .map(Objects::toString)
                        .toList()
                : List.of();
    }
}
