package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.StoreUnavailableException;

/** The lives of nodes in a map of their own. */
final class HazelcastIncarnations implements Incarnations {

    /** Each repeat means that a member has left meanwhile. */
    private static final int MOST_ATTEMPTS = 5;

    private final IMap<String, NodeLives> nodes;
    private final Membership membership;

    HazelcastIncarnations(HazelcastInstance hazelcast, Membership membership) {
        this.nodes = hazelcast.getMap(ClusterConfig.NODES);
        this.membership = membership;
    }

    @Override
    public Numbered number(String principal, Holder node, String incarnation) {
        RuntimeException last = null;
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            membership.requireQuorum();
            long departures = membership.departures();
            try {
                Numbered numbered = nodes.executeOnKey(node.value(), new ShowIncarnation(principal, incarnation));
                if (membership.departures() == departures && membership.hasQuorum()) {
                    return numbered;
                }
            } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
                last = e;
            }
        }
        throw new StoreUnavailableException("The cluster did not number the incarnation; a repeat finds out", last);
    }
}
