package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the holds of nodes that no pod knows: their pod was lost or restarted, and they have not come back. Such a hold
 * ends once its node has been unknown for a whole lease, counted from when this pod first missed it, since that is as
 * long as the node may have been promised. Time in which a pod did not say who lives does not count.
 */
final class OrphanSweep {

    /** One hold in one session. */
    private record Orphan(KeyName key, Holder holder, String session) {}

    private final ReferenceCounts counts;
    private final NodeHolds holds;
    private final Supplier<Optional<Map<String, Long>>> liveEverywhere;
    private final Duration lease;
    private final LongSupplier nanoClock;
    /** Since when each orphan was missed. Used by one thread. */
    private Map<Orphan, Long> missedSince = new HashMap<>();

    /** When the last look at the nodes of all pods began. */
    private long lookedAt;

    /**
     * Makes one.
     *
     * @param liveEverywhere the live nodes of all pods with their incarnations; empty if a pod did not answer
     */
    OrphanSweep(
            ReferenceCounts counts,
            NodeHolds holds,
            Supplier<Optional<Map<String, Long>>> liveEverywhere,
            Duration lease,
            LongSupplier nanoClock) {
        this.counts = counts;
        this.holds = holds;
        this.liveEverywhere = liveEverywhere;
        this.lease = lease;
        this.nanoClock = nanoClock;
        this.lookedAt = nanoClock.getAsLong();
    }

    /** Looks once at every hold; blocks. */
    void sweep() {
        long now = nanoClock.getAsLong();
        Optional<Map<String, Long>> live = liveEverywhere.get();
        long gap = now - lookedAt;
        lookedAt = now;
        if (live.isEmpty()) {
            // Nothing is known of the nodes of the pod that is silent, so this time does not count. What was counted
            // before it does: where one pod or another is often silent, no hold would ever end.
            missedSince.replaceAll((orphan, since) -> since + gap);
            return;
        }
        Map<Orphan, Long> missed = new HashMap<>();
        @Nullable KeyName after = null;
        List<ReferenceCounts.Read> page;
        do {
            page = counts.list("", after, ReferenceCounts.LARGEST_PAGE, Consistency.CLUSTER)
                    .reads();
            for (ReferenceCounts.Read read : page) {
                after = read.state().key();
                for (Hold hold : read.state().holds().values()) {
                    miss(read.state().key(), hold, live.get(), now, missed);
                }
            }
        } while (page.size() == ReferenceCounts.LARGEST_PAGE);
        missedSince = missed;
    }

    private void miss(KeyName key, Hold hold, Map<String, Long> live, long now, Map<Orphan, Long> missed) {
        NodeStamp stamp = hold.node();
        if (stamp == null) {
            return;
        }
        Long liveIncarnation = live.get(hold.holder().value());
        if (liveIncarnation != null && liveIncarnation == stamp.incarnation()) {
            return;
        }
        Orphan orphan = new Orphan(key, hold.holder(), stamp.session());
        long since = missedSince.getOrDefault(orphan, now);
        if (now - since >= lease.toNanos()) {
            holds.end(key, hold.holder(), stamp.session(), "no pod has heard of the node for a lease");
        } else {
            missed.put(orphan, since);
        }
    }
}
