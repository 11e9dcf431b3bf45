package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import dev.patchkey.service.logging.EdgeLog;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.Commits;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Has each key's commands decided by the key's entry. An answer counts only if no member has left meanwhile: one that has
 * may have taken the change with it, so the batch is sent again, which finds it done or does it on what is left. A batch
 * has a number by which it is recognised, so however often it is sent, it is done once.
 *
 * <p>Nor does it count if the epoch was over by then: a pod whose view is of the newer one would never hear of it. An epoch
 * that is still the cluster's after the answer was so before, so the change is in all that a newer one begins with.
 */
final class HazelcastCommits implements Commits {

    /** Above the time in which a dead member is noticed and its partitions are promoted, so that most fates are found. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final IMap<String, KeyEntry> counts;
    private final Membership membership;
    private final LongSupplier epoch;
    private final LongSupplier latestEpoch;

    /** Names this life of this pod. */
    private final String pod = UUID.randomUUID().toString();

    private final AtomicLong batches = new AtomicLong();

    private final EdgeLog edgeLog = new EdgeLog();

    /**
     * @param epoch as this pod last heard
     * @param latestEpoch as the cluster has it
     */
    HazelcastCommits(HazelcastInstance hazelcast, Membership membership, LongSupplier epoch, LongSupplier latestEpoch) {
        this.counts = hazelcast.getMap(ClusterConfig.COUNTS);
        this.membership = membership;
        this.epoch = epoch;
        this.latestEpoch = latestEpoch;
    }

    /** {@inheritDoc} Two batches of one key must not be executed at once. */
    @Override
    public List<Outcome> execute(List<Command> batch) {
        Map<KeyName, List<Integer>> places = new LinkedHashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            places.computeIfAbsent(batch.get(i).key(), key -> new ArrayList<>()).add(i);
        }
        Outcome[] outcomes = new Outcome[batch.size()];
        boolean applied = false;
        for (Map.Entry<KeyName, List<Integer>> each : places.entrySet()) {
            List<Integer> own = each.getValue();
            List<Outcome> decided;
            try {
                decided = decide(each.getKey(), own.stream().map(batch::get).toList());
            } catch (StoreUnavailableException e) {
                if (applied) {
                    throw new OutcomeUnknownException("Only some of the batch was applied", e);
                }
                throw e;
            }
            applied = true;
            for (int i = 0; i < own.size(); i++) {
                outcomes[own.get(i)] = decided.get(i);
            }
        }
        return List.of(outcomes);
    }

    private List<Outcome> decide(KeyName key, List<Command> commands) {
        membership.requireQuorum();
        long number = batches.incrementAndGet();
        long giveUpAt = System.nanoTime() + PATIENCE.toNanos();
        Exception last = null;
        List<Integer> edges = List.of();
        long current = epoch.getAsLong();
        do {
            long departures = membership.departures();
            try {
                DecideBatch.Reply reply = send(key, new DecideBatch(pod, number, current, commands));
                if (reply.late()) {
                    throw new OutcomeUnknownException("A later batch was decided before this one");
                }
                // A batch that is found done has its edges in the answer of the attempt that did it.
                edges = reply.edges().isEmpty() ? edges : reply.edges();
                long latest = latestEpoch.getAsLong();
                if (latest > current) {
                    current = latest;
                    continue;
                }
                if (membership.isSettledSince(departures)) {
                    tell(commands, reply.outcomes(), edges);
                    return reply.outcomes();
                }
            } catch (ExecutionException | HazelcastException e) {
                last = e;
            } catch (HazelcastInstanceNotActiveException e) {
                last = e;
                break;
            } catch (TimeoutException e) {
                last = e;
                break;
            }
            pause();
        } while (System.nanoTime() < giveUpAt);
        throw unknown(last);
    }

    private void tell(List<Command> commands, List<Outcome> outcomes, List<Integer> edges) {
        for (int edge : edges) {
            if (outcomes.get(edge) instanceof Outcome.Done done) {
                edgeLog.crossed(commands.get(edge), done);
            }
        }
    }

    private DecideBatch.Reply send(KeyName key, DecideBatch batch) throws ExecutionException, TimeoutException {
        try {
            return counts.submitToKey(key.value(), batch)
                    .toCompletableFuture()
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unknown(e);
        }
    }

    private static OutcomeUnknownException unknown(@Nullable Exception cause) {
        String message = "The cluster did not confirm the change while its members changed";
        return cause == null ? new OutcomeUnknownException(message) : new OutcomeUnknownException(message, cause);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unknown(e);
        }
    }
}
