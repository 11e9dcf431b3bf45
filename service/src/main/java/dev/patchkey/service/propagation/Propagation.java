package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Version;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a version of a key has come.
 *
 * @param applied whether every live pod's view and every live node have reached it; true exactly where {@code laggards}
 *     and {@code unaccounted} are empty
 * @param nodes how many live nodes were asked
 * @param laggards the live nodes that have not, in the order of their names; at most {@link #MOST_NAMED}
 * @param laggardCount how many there are in all
 * @param unaccounted pods that did not answer, or whose view is behind, by name
 * @param expired nodes whose leases ran out since the change was first waited for; nothing is claimed for them
 */
public record Propagation(
        boolean applied,
        int nodes,
        List<Laggard> laggards,
        int laggardCount,
        List<String> unaccounted,
        List<Expired> expired) {

    /** The most nodes that one answer names, so that a fleet that is away does not make it megabytes long. */
    public static final int MOST_NAMED = 100;

    /**
     * A live node that has not applied the version yet.
     *
     * @param node its id
     * @param application as it said in its hello
     * @param applied what it has applied of the key, or null if nothing is known of this session yet
     * @param silence since it was last heard
     * @param reason why, in a few words: {@code connecting}, {@code not applied}, {@code disconnected}, or what the node
     *     itself said of a failed rebind
     */
    public record Laggard(
            String node, String application, @Nullable Version applied, Duration silence, String reason) {}

    /**
     * A node whose lease ran out.
     *
     * @param node its id
     * @param stalePolicy what it does with its keys once it is stale: {@code hold} or {@code disable}
     */
    public record Expired(String node, String stalePolicy) {}
}
