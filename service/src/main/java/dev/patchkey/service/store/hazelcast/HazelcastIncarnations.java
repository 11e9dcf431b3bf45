package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import com.hazelcast.query.Predicates;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lives of nodes in a map of their own, and beside it when each was last heard of.
 *
 * <p>A node that says hello while it is being forgotten is either kept or numbered above all that is forgotten. Whoever
 * forgets raises the highest forgotten number, locks the node's entry and only then looks again when it was heard of.
 * Whoever numbers writes that it was heard of, reads the highest forgotten number, and only then goes to the entry, where
 * the lock holds it up. So if the look came too early to see what was written, the number that was read is the raised one.
 */
final class HazelcastIncarnations implements Incarnations {

    /** Each repeat means that a member has left meanwhile. */
    private static final int MOST_ATTEMPTS = 5;

    /** Long enough for the members that are left to take note of it. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** After so long an entry is free again if whoever has locked it has come to a stop; it takes milliseconds. */
    private static final Duration LOCKED = Duration.ofSeconds(10);

    /** The one key of the map of what is forgotten. */
    private static final String HIGHEST = "highest";

    private final IMap<String, NodeLives> nodes;
    private final IMap<String, Long> heard;
    private final IMap<String, Long> forgotten;
    private final Membership membership;
    private final InstantSource clock;

    HazelcastIncarnations(HazelcastInstance hazelcast, Membership membership, InstantSource clock) {
        this.nodes = hazelcast.getMap(ClusterConfig.NODES);
        this.heard = hazelcast.getMap(ClusterConfig.HEARD);
        this.forgotten = hazelcast.getMap(ClusterConfig.FORGOTTEN);
        this.membership = membership;
        this.clock = clock;
    }

    @Override
    public Numbered number(String principal, Holder node, String incarnation) {
        return settled(() -> {
            if (isOf(principal, nodes.get(node.value()))) {
                heard.set(node.value(), clock.millis());
            }
            return nodes.executeOnKey(node.value(), new ShowIncarnation(principal, incarnation, highestForgotten()));
        });
    }

    /** Whoever asks for what is another's does not keep it there. */
    private static boolean isOf(String principal, @Nullable NodeLives lives) {
        return lives == null || lives.principal().equals(principal);
    }

    private long highestForgotten() {
        Long highest = forgotten.get(HIGHEST);
        return highest == null ? 0 : highest;
    }

    @Override
    public void heard(Collection<Holder> here) {
        long now = clock.millis();
        Map<String, Long> times = HashMap.newHashMap(here.size());
        here.forEach(node -> times.put(node.value(), now));
        var unused = settled(() -> {
            heard.setAll(times);
            return times.size();
        });
    }

    /** Each pod forgets those of the partitions that it owns. */
    @Override
    public int forget(Duration silence, int most) {
        long before = clock.instant().minus(silence).toEpochMilli();
        return settled(() -> {
            List<String> silent = heard.localKeySet(Predicates.lessThan("this", before)).stream()
                    .limit(most)
                    .toList();
            silent.forEach(node -> forget(node, before));
            return silent.size();
        });
    }

    private void forget(String node, long before) {
        NodeLives lives = nodes.get(node);
        if (lives == null) {
            // Lost, or never let in. Only what was found silent goes: it may have been heard of meanwhile.
            removeIfSilent(node, before);
            return;
        }
        raise(lives.number());
        boolean isLocked;
        try {
            isLocked = nodes.tryLock(node, 0, TimeUnit.MILLISECONDS, LOCKED.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        if (isLocked) {
            try {
                NodeLives now = nodes.get(node);
                if (now != null && now.number() == lives.number() && removeIfSilent(node, before)) {
                    nodes.delete(node);
                }
            } finally {
                nodes.unlock(node);
            }
        }
    }

    private boolean removeIfSilent(String node, long before) {
        Long last = heard.get(node);
        return last != null && last < before && heard.remove(node, last);
    }

    private void raise(long number) {
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            Long highest = forgotten.get(HIGHEST);
            if (highest != null && highest >= number) {
                return;
            }
            boolean isRaised = highest == null
                    ? forgotten.putIfAbsent(HIGHEST, number) == null
                    : forgotten.replace(HIGHEST, highest, number);
            if (isRaised) {
                return;
            }
        }
        throw new StoreUnavailableException("Other pods forget nodes all the time; a repeat may");
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
    private <T> T settled(Supplier<T> asking) {
        RuntimeException last = null;
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            membership.requireQuorum();
            long departures = membership.departures();
            try {
                T answer = asking.get();
                if (membership.isSettledSince(departures)) {
                    return answer;
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
