package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.InitialMembershipEvent;
import com.hazelcast.cluster.InitialMembershipListener;
import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.core.HazelcastInstance;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Hazelcast lets no application refuse a member, so one refuses itself: the younger of two, when it has just joined and
 * nothing serves or publishes there yet. That leaves two that start apart, form a cluster each, and are merged later by
 * Hazelcast: by then both serve, and neither is the wrong one. They stay members of one cluster and have nothing else in
 * common: states and announcements go by names that end in the authority, a stranger is never the committer, and it counts
 * for no quorum.
 */
/** Members of this pod's cluster whose counts are kept elsewhere: in another store, or in another database. */
final class Strangers implements InitialMembershipListener {
    private static final Logger log = LoggerFactory.getLogger(Strangers.class);

    private final HazelcastInstance hazelcast;

    private Strangers(HazelcastInstance hazelcast) {
        this.hazelcast = hazelcast;
    }

    /** The {@link dev.patchkey.service.store.Authority#id()} of the member's pod. */
    static String authorityOf(Member member) {
        return String.valueOf(member.getAttribute(ClusterConfig.AUTHORITY));
    }

    static String authorityOf(HazelcastInstance hazelcast) {
        return authorityOf(hazelcast.getCluster().getLocalMember());
    }

    /** How many members, this one among them, keep their counts where this one does. */
    static int peers(HazelcastInstance hazelcast) {
        String own = authorityOf(hazelcast);
        return (int) hazelcast.getCluster().getMembers().stream()
                .filter(member -> authorityOf(member).equals(own))
                .count();
    }

    /**
     * For a member that has just joined, before it serves anything.
     *
     * @throws IllegalStateException if a stranger was there before it
     */
    static void requireNoneBefore(HazelcastInstance hazelcast) {
        String own = authorityOf(hazelcast);
        for (Member member : hazelcast.getCluster().getMembers()) {
            // In the order in which they have joined: of two strangers the younger alone finds the other here.
            if (member.localMember()) {
                return;
            }
            if (!authorityOf(member).equals(own)) {
                throw new IllegalStateException("patchkey.cluster.name must be shared by pods of one store and database"
                        + " alone, and is " + hazelcast.getConfig().getClusterName() + ": the pod at "
                        + addressOf(member) + " keeps its counts in " + authorityOf(member)
                        + " (patchkey.store, and the identity of the database), and this one in " + own
                        + "; give this one the patchkey.store and spring.datasource.url of that one, or another"
                        + " patchkey.cluster.name");
            }
        }
    }

    /** Logs an error for each stranger that is there or comes. */
    static void watch(HazelcastInstance hazelcast) {
        hazelcast.getCluster().addMembershipListener(new Strangers(hazelcast));
    }

    @Override
    public void init(InitialMembershipEvent event) {
        event.getMembers().forEach(this::look);
    }

    @Override
    public void memberAdded(MembershipEvent event) {
        look(event.getMember());
    }

    @Override
    public void memberRemoved(MembershipEvent event) {}

    private void look(Member member) {
        String own = authorityOf(hazelcast);
        if (!authorityOf(member).equals(own)) {
            log.error(
                    "The pod at {} is in cluster {} and keeps its counts in {}, and this one in {}: the two share nothing"
                            + " until you give one of them the patchkey.store and spring.datasource.url of the other, or"
                            + " another patchkey.cluster.name",
                    addressOf(member),
                    hazelcast.getConfig().getClusterName(),
                    authorityOf(member),
                    own);
        }
    }

    private static String addressOf(Member member) {
        return member.getAddress().getHost() + ":" + member.getAddress().getPort();
    }
}
