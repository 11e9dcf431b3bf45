package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.MapPartitionLostListener;
import com.hazelcast.topic.ITopic;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cluster's copy of the states, as a Hazelcast map. */
final class PublishedMap implements CountsMap {
    private static final Logger log = LoggerFactory.getLogger(PublishedMap.class);

    /** Above the time in which a dead member is noticed, so that its partitions have a new owner by then. */
    private static final long PATIENCE_SECONDS = 15;

    /** A reader waits no longer for a member that may be gone, and asks the database. */
    private static final long READ_PATIENCE_SECONDS = 2;

    /**
     * Keys and holds in one operation: at about a hundred bytes each a message of a few megabytes, behind which heartbeats
     * wait. A single key may have more.
     */
    static final int LARGEST_OPERATION = 20_000;

    private final HazelcastInstance hazelcast;
    private final IMap<AtCommitter, Published> map;
    private final ITopic<Advance> announced;

    PublishedMap(HazelcastInstance hazelcast) {
        this.hazelcast = hazelcast;
        this.map = hazelcast.getMap(mapOf(hazelcast));
        this.announced = hazelcast.getTopic(ClusterConfig.ANNOUNCED + "." + Strangers.authorityOf(hazelcast));
    }

    /** The map's name. Versions of two databases do not compare: those of one would take the place of the other's. */
    static String mapOf(HazelcastInstance hazelcast) {
        return ClusterConfig.PUBLISHED + "." + Strangers.authorityOf(hazelcast);
    }

    /*
     * Hazelcast makes the copies of an operation on several keys later. Nobody relies on them: where a copy that has taken
     * its owner's place lacks a change, a reader finds it to be older than what its pod has seen, and whenever members come
     * or go all states are published anew.
     */
    @Override
    public void publish(Collection<Published> states) {
        long giveUpAt = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        parts(states).forEach(part -> publish(PublishIfNewer.of(part), giveUpAt));
    }

    /** The same states, in lists none of which weighs more than {@link #LARGEST_OPERATION} but by its last state. */
    static List<List<Published>> parts(Collection<Published> states) {
        List<List<Published>> parts = new ArrayList<>();
        long weight = LARGEST_OPERATION;
        for (Published state : states) {
            if (weight >= LARGEST_OPERATION) {
                parts.add(new ArrayList<>());
                weight = 0;
            }
            parts.getLast().add(state);
            weight += 1 + state.state().holds().size() + state.state().ended().size();
        }
        return parts;
    }

    private void publish(PublishIfNewer processor, long giveUpAt) {
        try {
            map.submitToKeys(processor.states().keySet(), processor)
                    .toCompletableFuture()
                    .get(giveUpAt - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (HazelcastException | HazelcastInstanceNotActiveException | ExecutionException | TimeoutException e) {
            throw new StoreUnavailableException("The cluster's map did not take a state", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the cluster's map took a state", e);
        }
    }

    @Override
    public void announce(Advance advance) {
        try {
            announced.publish(advance);
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            log.debug("The other pods find out by themselves what has changed", e);
        }
    }

    @Override
    public @Nullable Published get(KeyName key) {
        try {
            return map.getAsync(AtCommitter.of(key)).toCompletableFuture().get(READ_PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (HazelcastException | HazelcastInstanceNotActiveException | ExecutionException | TimeoutException e) {
            log.warn("The cluster's map could not be asked for {}: {}", key, e.toString());
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    @Override
    public Map<KeyName, Published> getAll(Set<KeyName> keys) {
        Map<KeyName, Published> found = new HashMap<>();
        Set<AtCommitter> asked = keys.stream().map(AtCommitter::of).collect(Collectors.toSet());
        try {
            // Hazelcast waits for an owner until it is given up; so does the thread that asks, and nobody for it.
            CompletableFuture.supplyAsync(() -> map.getAll(asked), Thread::startVirtualThread)
                    .get(READ_PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .values()
                    .forEach(published -> found.put(published.state().key(), published));
        } catch (ExecutionException | TimeoutException e) {
            log.warn("The cluster's map could not be asked for {} keys: {}", keys.size(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return found;
    }

    @Override
    public void onAnnounced(Consumer<Advance> listener) {
        announced.addMessageListener(message -> {
            if (!message.getPublishingMember().localMember()) {
                listener.accept(message.getMessageObject());
            }
        });
    }

    @Override
    public void onDisturbance(Runnable listener) {
        map.addPartitionLostListener((MapPartitionLostListener) event -> listener.run());
        Membership.onChange(hazelcast, listener);
        Membership.onMerged(hazelcast, listener);
    }
}
