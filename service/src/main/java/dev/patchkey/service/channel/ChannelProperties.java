package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.store.Incarnations;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What an operator can set.
 *
 * @param lease how long after its last heartbeat a node is live: 1 s to 10 min. Its heartbeats are a fifth of it apart
 * @param stuckAfter how long a message may be unacknowledged before its connection is dropped: 1 s to 10 min
 * @param podLease how long a pod that cannot reach the store goes on renewing its nodes' leases: 10 s to 10 min, and not
 *     less than {@link dev.patchkey.service.store.PodRegistry#shortestLease}. For so
 *     long the others reckon with the nodes of a pod that is silent
 * @param forgetAfter how long a node is silent, with all its lives, before it is forgotten: 1 to 3650 days
 * @param pod this pod's name, as nodes and operators see it; its address and port in the cluster where empty
 */
@ConfigurationProperties(prefix = "patchkey.channel", ignoreUnknownFields = false)
public record ChannelProperties(
        @DefaultValue("15s") Duration lease,
        @DefaultValue("30s") Duration stuckAfter,
        @DefaultValue("30s") Duration podLease,
        @DefaultValue("P30D") Duration forgetAfter,
        @DefaultValue("") String pod) {

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final Duration LONGEST_SILENCE = Duration.ofDays(3650);

    /** A renewal each second; one that meets a silent database, and the next, may take half of this. */
    private static final Duration SHORTEST_POD_LEASE = Duration.ofSeconds(10);

    /** @throws IllegalArgumentException if a value is out of its bounds */
    public ChannelProperties {
        requireWithin("lease", lease, SHORTEST, LONGEST);
        requireWithin("stuck-after", stuckAfter, SHORTEST, LONGEST);
        requireWithin("pod-lease", podLease, SHORTEST_POD_LEASE, LONGEST);
        requireWithin("forget-after", forgetAfter, Incarnations.SHORTEST_SILENCE, LONGEST_SILENCE);
    }

    private static void requireWithin(String name, Duration value, Duration shortest, Duration longest) {
        if (value.compareTo(shortest) < 0 || value.compareTo(longest) > 0) {
            throw new IllegalArgumentException(
                    "patchkey.channel." + name + " must be from " + shortest + " to " + longest + ", and is " + value);
        }
    }

    /** @throws IllegalArgumentException if the store cannot keep a pod's lease that is so short */
    void requirePodLeaseOf(Duration shortest) {
        if (podLease.compareTo(shortest) < 0) {
            throw new IllegalArgumentException(
                    "patchkey.channel.pod-lease must be at least " + shortest + " on this store, and is " + podLease);
        }
    }

    LeaseTimes times() {
        return new LeaseTimes(lease, stuckAfter);
    }
}
