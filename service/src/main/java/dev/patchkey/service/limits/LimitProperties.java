package dev.patchkey.service.limits;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What one caller may ask of this pod.
 *
 * @param requestsPerSecond how many requests a caller may send in the long run; 0 for any number. By default more than a
 *     caller asks for who does not loop, and about what one core answers
 * @param burst how many it may send at once, having been silent
 * @param failuresPerMinute how many requests with credentials that are not good an address may send; 0 for any number
 * @param requestTime how long a request may take to arrive, from its first byte to its last; from 1 s to 10 min
 * @param handshakeTime how long the TLS handshake of a connection may take; from 1 s to 10 min. By default what it takes
 *     where thousands of nodes come back at once and wait for one another
 * @param requestsAtOnce how many requests of a caller may be under way, those that wait for nodes among them. By default
 *     far more than are under way but by whoever waits on purpose
 * @param connectionsPerAddress how many connections an address may have open. By default a part of what the port takes,
 *     so that no address has all of them, and as many as the nodes of a fleet behind one address need
 * @param watchersPerCaller how many event streams a caller may have open
 * @param nodesPerCaller how many channels a caller may have open. By default as many as a pod takes of all callers: a
 *     fleet may share one token
 */
@ConfigurationProperties(prefix = "patchkey.limits", ignoreUnknownFields = false)
public record LimitProperties(
        @DefaultValue("2000") int requestsPerSecond,
        @DefaultValue("4000") int burst,
        @DefaultValue("60") int failuresPerMinute,
        @DefaultValue("30s") Duration requestTime,
        @DefaultValue("30s") Duration handshakeTime,
        @DefaultValue("10000") int requestsAtOnce,
        @DefaultValue("30000") int connectionsPerAddress,
        @DefaultValue("200") int watchersPerCaller,
        @DefaultValue("30000") int nodesPerCaller) {

    private static final int MOST = 1_000_000;
    private static final Duration SHORTEST_TIME = Duration.ofSeconds(1);
    private static final Duration LONGEST_TIME = Duration.ofMinutes(10);

    /**
     * Checks each.
     *
     * @throws IllegalArgumentException if a value is out of its range
     */
    public LimitProperties {
        requireWithin("requests-per-second", requestsPerSecond, 0);
        requireWithin("burst", burst, 1);
        requireWithin("failures-per-minute", failuresPerMinute, 0);
        requireWithin("requests-at-once", requestsAtOnce, 1);
        requireWithin("connections-per-address", connectionsPerAddress, 1);
        requireWithin("watchers-per-caller", watchersPerCaller, 1);
        requireWithin("request-time", requestTime);
        requireWithin("handshake-time", handshakeTime);
        requireWithin("nodes-per-caller", nodesPerCaller, 1);
    }

    private static void requireWithin(String name, Duration value) {
        if (value.compareTo(SHORTEST_TIME) < 0 || value.compareTo(LONGEST_TIME) > 0) {
            throw new IllegalArgumentException("patchkey.limits." + name + " must be from " + SHORTEST_TIME + " to "
                    + LONGEST_TIME + ", and is " + value);
        }
    }

    private static void requireWithin(String name, int value, int least) {
        if (value < least || value > MOST) {
            throw new IllegalArgumentException(
                    "patchkey.limits." + name + " must be " + least + " to " + MOST + ", and is " + value);
        }
    }
}
