package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The lives of nodes in a map of their own. */
final class HazelcastIncarnations implements Incarnations {

    /** Each repeat means that a member has left meanwhile. */
    private static final int MOST_ATTEMPTS = 5;

    /** Long enough for the members that are left to take note of it. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final IMap<String, NodeLives> nodes;
    private final Membership membership;

    HazelcastIncarnations(HazelcastInstance hazelcast, Membership membership) {
        this.nodes = hazelcast.getMap(ClusterConfig.NODES);
        this.membership = membership;
    }

    @Override
    public Numbered number(String principal, Holder node, String incarnation) {
        return settled(() -> nodes.executeOnKey(node.value(), new ShowIncarnation(principal, incarnation)));
    }

    @Override
    public Numbered find(String principal, Holder node, String incarnation) {
        return settled(() -> known(nodes.get(node.value()), principal, node, incarnation));
    }

    private static Numbered known(@Nullable NodeLives lives, String principal, Holder node, String incarnation) {
        if (lives == null) {
            return NodeLives.unknown(node, incarnation);
        }
        if (!lives.principal().equals(principal)) {
            return NodeLives.belongsToAnother(node);
        }
        if (lives.isCurrent(incarnation)) {
            return new Numbered.Current(lives.number(), false);
        }
        return lives.isSuperseded(incarnation)
                ? NodeLives.superseded(node, incarnation)
                : NodeLives.unknown(node, incarnation);
    }

    /** An answer counts only with a quorum, and if no member has left meanwhile. */
    private Numbered settled(Supplier<Numbered> asking) {
        RuntimeException last = null;
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            membership.requireQuorum();
            long departures = membership.departures();
            try {
                Numbered numbered = asking.get();
                if (membership.isSettledSince(departures)) {
                    return numbered;
                }
            } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
                last = e;
            }
            pause();
        }
        throw new StoreUnavailableException("The cluster did not settle what the incarnation is; a repeat may", last);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the cluster settled what the incarnation is", e);
        }
    }

    /** Always: the map is empty after every cold start, whatever was in it before. */
    @Override
    public boolean mayHaveNumbered() {
        return true;
    }
}
