package dev.patchkey.service.metrics;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How much metrics tell by name. Each name is some series, in each pod, for whoever stores them to keep.
 *
 * @param keys how many keys have series of their own; 0 for none
 * @param holds how many holds have series of their own, the oldest first; 0 for none
 * @param nodes how many nodes that lag are shown by name; 0 for none
 * @param interval how often keys, holds and nodes are looked at; from 1 s to 10 min
 */
@ConfigurationProperties(prefix = "patchkey.metrics", ignoreUnknownFields = false)
record MetricsProperties(
        @DefaultValue("200") int keys,
        @DefaultValue("200") int holds,
        @DefaultValue("50") int nodes,
        @DefaultValue("10s") Duration interval) {

    /** More series of one name than a Prometheus should be given by one pod. */
    private static final int MOST = 10_000;

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** @throws IllegalArgumentException if a value is out of its range */
    MetricsProperties {
        requireWithin("keys", keys);
        requireWithin("holds", holds);
        requireWithin("nodes", nodes);
        if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "patchkey.metrics.interval must be from " + SHORTEST + " to " + LONGEST + ", and is " + interval);
        }
    }

    private static void requireWithin(String name, int value) {
        if (value < 0 || value > MOST) {
            throw new IllegalArgumentException(
                    "patchkey.metrics." + name + " must be 0 to " + MOST + ", and is " + value);
        }
    }
}
