package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.MembershipAdapter;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Who is in the cluster: whether there are enough, and whether anybody has left meanwhile. */
class Membership {
    private final HazelcastInstance hazelcast;
    private final int quorum;
    private final AtomicLong departures = new AtomicLong();

    Membership(HazelcastInstance hazelcast, int quorum) {
        this.hazelcast = hazelcast;
        this.quorum = quorum;
        hazelcast.getCluster().addMembershipListener(new MembershipAdapter() {
            @Override
            public void memberRemoved(MembershipEvent event) {
                departures.incrementAndGet();
            }
        });
    }

    /** How many members have left; the same number twice means that none has left in between. */
    long departures() {
        return departures.get();
    }

    /** Whether what was asked after so many departures counts: there is a quorum, and no member has left meanwhile. */
    boolean isSettledSince(long departures) {
        return departures() == departures && hasQuorum();
    }

    /** Whether one pod is enough, so that no other one is waited for. */
    boolean isOfOne() {
        return quorum == 1;
    }

    boolean hasQuorum() {
        return belowQuorum() == null;
    }

    /** @throws StoreUnavailableException if fewer pods than the quorum are there */
    void requireQuorum() {
        String reason = belowQuorum();
        if (reason != null) {
            throw new StoreUnavailableException(reason);
        }
    }

    /** Says that fewer pods than the quorum are there; null if that is not so. */
    @Nullable String belowQuorum() {
        int members = Strangers.peers(hazelcast);
        return members < quorum
                ? "The cluster has " + members + " pods, and nothing is changed by fewer than " + quorum
                        + " (more than half of patchkey.cluster.size)"
                : null;
    }

    /** Tells that this pod has come back from the smaller side of a split, with the larger side's entries. */
    static void onMerged(HazelcastInstance hazelcast, Runnable listener) {
        hazelcast.getLifecycleService().addLifecycleListener(event -> {
            if (event.getState() == LifecycleEvent.LifecycleState.MERGED) {
                listener.run();
            }
        });
    }

    static void onChange(HazelcastInstance hazelcast, Runnable listener) {
        hazelcast.getCluster().addMembershipListener(new MembershipAdapter() {
            @Override
            public void memberAdded(MembershipEvent event) {
                listener.run();
            }

            @Override
            public void memberRemoved(MembershipEvent event) {
                listener.run();
            }
        });
    }
}
