package dev.patchkey.service.security;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * One caller's tokens as they are configured; {@link Tokens} has the rules.
 *
 * @param name the caller's name
 * @param role its role
 * @param hashes {@code sha256:} and the hash of each token that is valid, in hexadecimal
 * @param prefixes of the keys that it may use, {@code *} for all; never empty
 * @param readPrefixes of the keys that it may read besides
 */
record TokenSettings(
        @Nullable String name,
        @Nullable String role,
        @DefaultValue List<String> hashes,
        @DefaultValue List<String> prefixes,
        @DefaultValue List<String> readPrefixes) {}
