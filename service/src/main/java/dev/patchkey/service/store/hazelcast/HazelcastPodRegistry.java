package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/*
 * What is written or read counts only with a quorum before and after, and if no member has left meanwhile. So of two
 * sides of a split one alone writes, and the other reads nothing. The map has so many copies that whoever is cut off
 * leaves one behind, and a write that misses a copy does not count: the side with the quorum has all that ever counted.
 */
/** The pods in a map of the cluster: where no database is shared with another one. */
final class HazelcastPodRegistry implements PodRegistry {

    /** Above the time in which a dead member is noticed and its partitions are promoted. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** No row is written while a silent member is not yet noticed, which takes ten seconds, and the next may be too. */
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(25);

    private final IMap<String, Row> pods;
    private final Membership membership;

    HazelcastPodRegistry(HazelcastInstance hazelcast, Membership membership) {
        this.pods = hazelcast.getMap(ClusterConfig.PODS);
        this.membership = membership;
    }

    @Override
    public boolean put(Row row) {
        return settled(() -> written(row));
    }

    private boolean written(Row row) {
        try {
            return pods.submitToKey(row.id(), new PutPod(row))
                    .toCompletableFuture()
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreUnavailableException("The cluster did not confirm the pod's row", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the pod's row was written", e);
        }
    }

    @Override
    public List<Row> all() {
        return settled(() -> List.copyOf(pods.values()));
    }

    @Override
    public void forget(Row unchanged) {
        boolean ignored = settled(() -> pods.remove(unchanged.id(), unchanged));
    }

    private <T> T settled(Supplier<T> asking) {
        try {
            membership.requireQuorum();
            long departures = membership.departures();
            T answer = asking.get();
            if (membership.isSettledSince(departures)) {
                return answer;
            }
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            throw new StoreUnavailableException("The cluster could not be asked for its pods", e);
        }
        throw new StoreUnavailableException("A member has left while the cluster was asked for its pods");
    }

    @Override
    public Duration shortestLease() {
        return membership.isOfOne() ? Duration.ZERO : SHORTEST_LEASE;
    }

    /** With the last pod the map is gone. */
    @Override
    public boolean outlivesPods() {
        return false;
    }
}
