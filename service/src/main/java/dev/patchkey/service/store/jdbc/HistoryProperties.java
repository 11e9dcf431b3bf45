package dev.patchkey.service.store.jdbc;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How much history is kept.
 *
 * @param changes how many changes, the newest of all keys; older ones are deleted
 */
@ConfigurationProperties("patchkey.history")
record HistoryProperties(@DefaultValue("1000000") long changes) {
    HistoryProperties {
        if (changes < 1) {
            throw new IllegalArgumentException("patchkey.history.changes must be at least 1, and is " + changes);
        }
    }
}
