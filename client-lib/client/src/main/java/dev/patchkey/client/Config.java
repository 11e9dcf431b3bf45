package dev.patchkey.client;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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
        System.Logger logger) {

    boolean subscribes(String key) {
        return prefixes.isEmpty() || prefixes.stream().anyMatch(key::startsWith);
    }

    boolean disablesWhenStale(String key) {
        return stalePolicies.getOrDefault(key, stalePolicy) == StalePolicy.DISABLE;
    }

    /** The value of an Authorization header, or null for none; calls user code, which may throw. */
    @Nullable String authorization() {
        return bearerToken == null ? null : "Bearer " + bearerToken.get();
    }
}
