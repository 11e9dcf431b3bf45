package dev.patchkey.service.propagation;

import java.util.List;

/**
 * How far a version of a key has come on one pod, at one moment.
 *
 * @param isViewThere whether the pod's view has reached it, and all its sessions were told
 * @param nodes how many live nodes the key concerns
 * @param laggards the first that have not reached it, in the order of their names
 * @param laggardCount how many they are
 * @param unaccounted pods of before the cluster, whose nodes may still live
 * @param expired nodes whose leases ran out during the wait
 * @param setbacks counts what may take "reached" back: two answers with the same count are true of the time between
 */
record PodProgress(
        boolean isViewThere,
        int nodes,
        List<Propagation.Laggard> laggards,
        int laggardCount,
        List<String> unaccounted,
        List<Propagation.Expired> expired,
        long setbacks) {

    PodProgress {
        // What another release leaves out is no answer.
        laggards = List.copyOf(laggards);
        unaccounted = List.copyOf(unaccounted);
        expired = List.copyOf(expired);
    }

    boolean isReached() {
        return isViewThere && laggardCount == 0 && unaccounted.isEmpty();
    }
}
