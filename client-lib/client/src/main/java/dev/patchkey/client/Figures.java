package dev.patchkey.client;

import java.time.Duration;
import java.util.Map;

/**
 * What a {@link Patchkey} has done since it was started, and what is left to do: in numbers, for metrics. Those of one
 * group are of one moment, those of different groups nearly so. None is negative.
 *
 * @param connects how often a pod has welcomed it; each from the second on is a reconnect
 * @param silence since a pod that had sent its whole snapshot last told it how far it is, or since the start if none
 *     has: what the node has received may be so old. About a heartbeat interval at most while the node is ready
 * @param revisionLag by how many revisions the newest state that it has received is newer than what it has applied; 0 if
 *     nothing waits. Where each key counts its own revisions, as on the {@code hazelcast} store, it may be 0 while
 *     something waits
 * @param applyLag age of the oldest message that it has received and not applied; zero if there is none. A message whose
 *     keys are paced or have failed counts as applied: those are in {@code waiting}
 * @param waiting the names whose newest state is not applied yet
 * @param edges the edges that it has applied
 * @param failedRebinds how many attempts to rebind a key have failed
 * @param mirroredKeys how many names have a count in the cluster that this node knows, whether it has a static key of
 *     that name or not
 * @param enabledKeys how many of the keys in {@code callSites} are enabled
 * @param callSites the static keys of this JVM that are not local, with the number of their call sites: 1 for the key's
 *     own tests, however many places they are compiled into, and 1 for each static call made of it
 */
public record Figures(
        long connects,
        Duration silence,
        long revisionLag,
        Duration applyLag,
        Waiting waiting,
        Edges edges,
        long failedRebinds,
        int mirroredKeys,
        int enabledKeys,
        Map<String, Integer> callSites) {

    /** Keeps a copy of the map. */
    public Figures {
        callSites = Map.copyOf(callSites);
    }

    /**
     * Names whose newest state is not applied yet, by what it waits for. Each counts once.
     *
     * @param queued for its turn
     * @param paced for its time, since the key changes again and again
     * @param failed for the next attempt, since the newest one has failed
     * @param refused for nothing: this JVM counts the key itself, and does not follow the cluster's count
     */
    public record Waiting(int queued, int paced, int failed, int refused) {}

    /**
     * Edges of static keys, local ones not among them. A name that no static key had been made of when it changed had
     * nothing to rebind.
     *
     * @param enables how many keys have become enabled
     * @param disables how many keys have become disabled
     * @param time how long all of them took together, each as in {@link KeyRebind#took}
     * @param longest how long the longest of them took; zero if there was none
     */
    public record Edges(long enables, long disables, Duration time, Duration longest) {}
}
