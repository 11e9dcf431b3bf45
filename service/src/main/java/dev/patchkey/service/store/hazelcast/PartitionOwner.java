package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastInstance;
import java.time.InstantSource;

/**
 * What a member brings to the decisions on the keys whose partitions it owns. It is in the member's user context from
 * before the member joins, since it may own keys before its pod serves.
 *
 * @param clock tells the time of leases and of remembered requests; may not step
 * @param mostBatches the most lives of pods whose last batch an entry remembers
 */
record PartitionOwner(InstantSource clock, int mostBatches) {

    /** The key in the member's user context. */
    static final String CONTEXT = "patchkey.owner";

    /**
     * In how many lives each pod may write a key while a batch of another is sent again, which is for at most twice
     * {@link HazelcastCommits#PATIENCE}: ten seconds for a start, a batch and a death.
     */
    private static final int LIVES_OF_EACH = 4;

    /** For clusters of more pods than {@code patchkey.cluster.size} says. */
    private static final int LEAST_BATCHES = 16;

    PartitionOwner {
        if (mostBatches < 1) {
            throw new IllegalArgumentException("mostBatches must be at least 1, and is " + mostBatches);
        }
    }

    /** By the clock of this machine. */
    static PartitionOwner of(ClusterProperties properties) {
        return new PartitionOwner(new SteadyClock(), Math.max(LEAST_BATCHES, LIVES_OF_EACH * properties.size()));
    }

    /** @throws IllegalStateException if the member was not configured by {@link ClusterConfig} */
    static PartitionOwner at(HazelcastInstance member) {
        if (member.getUserContext().get(CONTEXT) instanceof PartitionOwner owner) {
            return owner;
        }
        throw new IllegalStateException("The member's user context has no " + CONTEXT);
    }
}
