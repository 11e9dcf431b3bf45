package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.map.IMap;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * What is written or read counts only with a quorum before and after, and if no member has left meanwhile. So of two
 * sides of a split one alone writes, and the other reads nothing. The map has so many copies that whoever is cut off
 * leaves one behind, and a write that misses a copy does not count: the side with the quorum has all that ever counted.
 */
/** The pods in a map of the cluster: where no database is shared with another one. */
final class HazelcastPodRegistry implements PodRegistry {

    /**
     * For one row, however often it is sent: above the time in which a dead member is noticed and its partitions are
     * promoted.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Each repeat means that a copy was silent for five seconds at least: more do not fit into {@link #PATIENCE}. */
    static final int MOST_SENDINGS = 3;

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
        PutPod put = new PutPod(row);
        long giveUpAt = System.nanoTime() + PATIENCE.toNanos();
        return asked(() -> {
            // Asked first: a sending that is not confirmed does not say what it has found, and the next finds its row.
            boolean known = settled(() -> answer(pods.getAsync(row.id()), giveUpAt)) != null;
            boolean stillKnown = Confirmed.within(
                    MOST_SENDINGS, () -> settled(() -> answer(pods.submitToKey(row.id(), put), giveUpAt)));
            return known && stillKnown;
        });
    }

    private static <T extends @Nullable Object> T answer(CompletionStage<T> asked, long giveUpAt) {
        try {
            return asked.toCompletableFuture().get(giveUpAt - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IndeterminateOperationStateException unconfirmed) {
                throw unconfirmed;
            }
            throw unwritten(e);
        } catch (TimeoutException e) {
            throw unwritten(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the pod's row was written", e);
        }
    }

    private static StoreUnavailableException unwritten(Exception cause) {
        return new StoreUnavailableException("The cluster did not confirm the pod's row", cause);
    }

    @Override
    public List<Row> all() {
        return asked(() -> settled(() -> List.copyOf(pods.values())));
    }

    /** {@inheritDoc} Never repeated: a second removal, which finds nothing, is confirmed by no copy. */
    @Override
    public void forget(Row unchanged) {
        boolean ignored = asked(() -> settled(() -> pods.remove(unchanged.id(), unchanged)));
    }

    private <T extends @Nullable Object> T settled(Supplier<T> asking) {
        membership.requireQuorum();
        long departures = membership.departures();
        T answer = asking.get();
        if (membership.isSettledSince(departures)) {
            return answer;
        }
        throw new StoreUnavailableException("A member has left while the cluster was asked for its pods");
    }

    private static <T> T asked(Supplier<T> settled) {
        try {
            return settled.get();
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            throw new StoreUnavailableException("The cluster could not be asked for its pods", e);
        }
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
