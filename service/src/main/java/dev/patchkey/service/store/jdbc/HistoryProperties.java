package dev.patchkey.service.store.jdbc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How much history is kept.
 *
 * @param changes how many changes, the newest of all keys; older ones are deleted
 * @param keep for how long after it was made a change is kept, or null for as long as {@code changes} lets it
 */
@ConfigurationProperties(prefix = "patchkey.history", ignoreUnknownFields = false)
record HistoryProperties(
        @DefaultValue("1000000") long changes, @Nullable Duration keep) {
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    HistoryProperties {
        if (changes < 1) {
            throw new IllegalArgumentException("patchkey.history.changes must be at least 1, and is " + changes);
        }
        if (keep != null && keep.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException(
                    "patchkey.history.keep must be at least " + SHORTEST + ", and is " + keep);
        }
    }
}
