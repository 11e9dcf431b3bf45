package dev.patchkey.service.store;

import java.time.Duration;
import java.util.List;

/**
 * The pods that may have nodes, of every cluster over the store: one row for each life of a pod. By its row a pod shows
 * that it goes on living, and others find whom they must ask, and for how long they must reckon with one that is silent.
 * Thread-safe; its methods block.
 */
public interface PodRegistry {

    /** What a pod says of its nodes. */
    enum Phase {
        /** No node of its own is live, and none will be let in before the row says {@link #SERVING}. */
        IDLE,
        /** It may have live nodes, and lets more in. */
        SERVING,
        /** It has stopped: it renews no node's lease any more, and those that it has renewed run on. */
        LEFT;

        /** The phase of this name; for one that only a later release knows, that which is waited for the longest. */
        public static Phase of(String name) {
            for (Phase phase : values()) {
                if (phase.name().equals(name)) {
                    return phase;
                }
            }
            return SERVING;
        }
    }

    /**
     * One life of a pod.
     *
     * @param id of this life, which no other shares, now or ever
     * @param name for people; need not be unique
     * @param cluster the name of its cluster: pods of another one cannot be asked
     * @param podLease how long it may renew its nodes' leases after it has renewed its own
     * @param nodeLease how long its nodes are live after their last renewal
     * @param phase what it says of its nodes
     * @param renewals grows with each write of the row, for ever: the same number twice means that nothing was written
     */
    record Row(
            String id,
            String name,
            String cluster,
            Duration podLease,
            Duration nodeLease,
            Phase phase,
            long renewals) {}

    /**
     * Writes a pod's own row; durable, and found by every later {@link #all}, when it returns. A pod writes one at a
     * time; one of unknown fate never takes the place of one with a higher number.
     *
     * @return whether the pod had a row already
     * @throws StoreUnavailableException if it was not written, or may not have been
     */
    boolean put(Row row);

    /**
     * All rows that were written before the call, and not forgotten.
     *
     * @throws StoreUnavailableException if that cannot be found out
     */
    List<Row> all();

    /**
     * Deletes the row unless it has been written since.
     *
     * @throws StoreUnavailableException if it was not deleted, or may not have been
     */
    void forget(Row unchanged);

    /**
     * The shortest lease that a pod can keep while the store bears what it promises to bear; zero if it can keep any that
     * may be set.
     */
    default Duration shortestLease() {
        return Duration.ZERO;
    }

    /** Whether the rows outlive a stop of all pods. */
    boolean outlivesPods();
}
