package dev.patchkey.client;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** What a {@link NodeBuilder} has gathered, checked. */
record Config(
        List<URI> services,
        String node,
        String application,
        @Nullable String applicationVersion,
        List<String> prefixes,
        StalePolicy stalePolicy,
        Map<String, StalePolicy> stalePolicies,
        Duration acquireTimeout,
        Duration connectTimeout,
        Duration requestTimeout,
        Duration linger,
        @Nullable Supplier<String> bearerToken,
        @Nullable Supplier<SSLContext> sslContext,
        System.Logger logger) {

    private static final Pattern TOKEN = Pattern.compile("[!-~]+");

    boolean subscribes(String key) {
        return prefixes.isEmpty() || prefixes.stream().anyMatch(key::startsWith);
    }

    boolean disablesWhenStale(String key) {
        return stalePolicies.getOrDefault(key, stalePolicy) == StalePolicy.DISABLE;
    }

    /**
     * The value of an Authorization header, or null for none; calls user code, which may throw.
     *
     * @throws IllegalStateException if the token is one that no header can carry
     */
    @Nullable String authorization() {
        if (bearerToken == null) {
            return null;
        }
        String token = bearerToken.get();
        // Found here, since the JDK's own exception would show the token to whoever reads the log.
        if (token == null || !TOKEN.matcher(token).matches()) {
            throw new IllegalStateException("bearerToken must supply visible ASCII characters without spaces");
        }
        return "Bearer " + token;
    }
}
