package dev.patchkey.service.propagation;

import dev.patchkey.service.store.NaturalBatches;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * No clock but this pod's own monotonic one is read, and nothing is compared with another's. A row that is seen with a
 * number for the first time was written before that look had ended; so what it grants is counted from then. While the
 * number stays, the pod has renewed nothing that counts: see PodLease. A row that is gone from the registry counts as it
 * was last seen.
 */
/** Which other pods may have nodes, as far as this one has seen. Thread-safe; its methods block. */
public final class PodCensus implements AutoCloseable {

    /** After so long without a write a row is deleted: above the longest of both leases, of a pod and of a node. */
    static final Duration FORGOTTEN_AFTER = Duration.ofHours(1);

    /** How long a question waits for the registry before it goes on with what was seen last. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(PodCensus.class);

    /** When the nodes of a pod that says nothing are surely over. */
    @FunctionalInterface
    interface Expiry {

        /** Once its last renewal, and every lease that it may have granted with it, has ended. */
        Expiry OF_LEASES = (row, unchanged) -> switch (row.phase()) {
            case IDLE -> true;
            case SERVING -> unchanged.compareTo(row.podLease().plus(row.nodeLease())) >= 0;
            case LEFT -> unchanged.compareTo(row.nodeLease()) >= 0;
        };

        /**
         * Decides.
         *
         * @param unchanged for how long this pod has seen the row as it is
         */
        boolean isOver(Row row, Duration unchanged);
    }

    /**
     * Another pod.
     *
     * @param row as it was seen last
     * @param isOver whether no node of it can be live, whatever has become of it
     */
    record Pod(Row row, boolean isOver) {}

    /**
     * The other pods.
     *
     * @param pods those that have a row, or had one and may still have nodes
     * @param isCurrent whether all that were written before the question are among them
     */
    record Sighting(List<Pod> pods, boolean isCurrent) {
        Set<String> ids() {
            return pods.stream().map(pod -> pod.row().id()).collect(Collectors.toSet());
        }
    }

    private record Seen(Row row, long since) {}

    private enum Lane {
        ONLY
    }

    private final PodRegistry registry;
    private final String self;
    private final LongSupplier nanoClock;
    private final Expiry expiry;
    private final Duration patience;

    private final ExecutorService runner = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-census-", 0).factory());

    /** Questions that come at once share a look, which begins after the last of them. */
    private final NaturalBatches<Lane, Lane, Sighting> looks =
            new NaturalBatches<>(runner, NaturalBatches.MOST_WAITING, this::look);

    /** By the pod's id. Guarded by itself. */
    private final Map<String, Seen> seen = new HashMap<>();

    /** @param self this pod's id, whose row is none of another's */
    public PodCensus(PodRegistry registry, String self, LongSupplier nanoClock) {
        this(registry, self, nanoClock, Expiry.OF_LEASES, PATIENCE);
    }

    PodCensus(PodRegistry registry, String self, LongSupplier nanoClock, Expiry expiry, Duration patience) {
        this.registry = registry;
        this.self = self;
        this.nanoClock = nanoClock;
        this.expiry = expiry;
        this.patience = patience;
    }

    /** Whether it tells of pods that were there before this one's cluster was. */
    boolean outlivesPods() {
        return registry.outlivesPods();
    }

    /** The other pods, as the registry has them at a time after the call began; else as they were seen last. */
    Sighting look() {
        try {
            return looks.submit(Lane.ONLY, Lane.ONLY).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            log.debug("The registry of pods does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (seen) {
            return new Sighting(judged(), false);
        }
    }

    private void look(List<NaturalBatches.Pending<Lane, Sighting>> batch) {
        List<Row> rows;
        try {
            rows = registry.all();
        } catch (StoreUnavailableException e) {
            batch.forEach(each -> each.fail(e));
            return;
        }
        Sighting sighting;
        synchronized (seen) {
            long now = nanoClock.getAsLong();
            Set<String> there = rows.stream().map(Row::id).collect(Collectors.toSet());
            for (Row row : rows) {
                Seen before = seen.get(row.id());
                if (!row.id().equals(self) && (before == null || !before.row().equals(row))) {
                    seen.put(row.id(), new Seen(row, now));
                }
            }
            seen.values().removeIf(each -> !there.contains(each.row().id()) && isOver(each, now));
            sighting = new Sighting(judged(), true);
        }
        batch.forEach(each -> each.answer(sighting));
    }

    private List<Pod> judged() {
        long now = nanoClock.getAsLong();
        return seen.values().stream()
                .map(each -> new Pod(each.row(), isOver(each, now)))
                .toList();
    }

    private boolean isOver(Seen pod, long now) {
        return expiry.isOver(pod.row(), Duration.ofNanos(now - pod.since()));
    }

    /** Looks, and deletes the rows of pods that were last written long ago. */
    void keep() {
        if (!look().isCurrent()) {
            return;
        }
        List<Row> old = new ArrayList<>();
        synchronized (seen) {
            long now = nanoClock.getAsLong();
            for (Seen each : seen.values()) {
                if (now - each.since() > FORGOTTEN_AFTER.toNanos()) {
                    old.add(each.row());
                }
            }
        }
        old.forEach(registry::forget);
    }

    @Override
    public void close() {
        runner.shutdownNow();
    }
}
