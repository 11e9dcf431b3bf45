package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipAdapter;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Who is in the cluster: whether there are enough, and whether anybody has left meanwhile. */
class Membership {
    private final HazelcastInstance hazelcast;
    private final int quorum;

    /** Guarded by this. */
    private long departures;

    /** As they were last looked at. Guarded by this. */
    private Set<UUID> known;

    Membership(HazelcastInstance hazelcast, int quorum) {
        this.hazelcast = hazelcast;
        this.quorum = quorum;
        this.known = members();
        hazelcast.getCluster().addMembershipListener(new MembershipAdapter() {
            @Override
            public void memberRemoved(MembershipEvent event) {
                departed();
            }
        });
    }

    private Set<UUID> members() {
        return hazelcast.getCluster().getMembers().stream()
                .map(Member::getUuid)
                .collect(Collectors.toUnmodifiableSet());
    }

    private synchronized void departed() {
        departures++;
    }

    /**
     * A number that is another one after a member has left; the same number twice means that none has left in between. A
     * listener is told in its turn, while the partitions of whoever has left are given to others at once. So the members
     * themselves are looked at as well, from whose list whoever leaves is taken first.
     */
    long departures() {
        synchronized (this) {
            Set<UUID> now = members();
            if (!now.containsAll(known)) {
                departures++;
            }
            known = now;
            return departures;
        }
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
