package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.EntryEvent;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.EntryAddedListener;
import com.hazelcast.map.listener.EntryUpdatedListener;
import com.hazelcast.map.listener.MapPartitionLostListener;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Closing;
import dev.patchkey.service.store.Commits;
import dev.patchkey.service.store.ExpirySweep;
import dev.patchkey.service.store.LocalView;
import dev.patchkey.service.store.NaturalBatches;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.Stale;
import dev.patchkey.service.store.Staleness;
import dev.patchkey.service.store.StoreMetrics;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reference counts in the memory of the pods alone: each key's entry is the authority, and its backup the durability. */
final class HazelcastReferenceCounts implements ReferenceCounts, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HazelcastReferenceCounts.class);

    /** How often ended leases are looked for. */
    private static final long SWEEP_MILLIS = 1000;

    /** How often the view is compared with the map, in case an event was missed. */
    private static final long RECONCILE_MILLIS = Staleness.RECONCILED_EVERY.toMillis();

    /** Within this time all partitions of one loss are told of. */
    private static final long LOSS_MILLIS = 200;

    /** A batch in flight takes milliseconds; a pod that is told to go must be gone in half a minute. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** A reader waits no longer for a member that may be gone, and whose entries have a new owner only when it is dropped. */
    private static final Duration READ_PATIENCE = Duration.ofSeconds(5);

    /** Each repeat of a strong read means that a member has left meanwhile, or that the last comparison is too old. */
    private static final int MOST_ATTEMPTS = 5;

    /** Before a repeat: a comparison takes milliseconds. */
    private static final Duration ATTEMPT_PAUSE = Duration.ofMillis(100);

    private final IMap<String, KeyEntry> counts;
    private final Membership membership;
    private final Epoch epoch;
    private final HazelcastCommits commits;

    /** By which this pod decides too. */
    private final InstantSource clock;

    private final LocalView view = new LocalView(false);
    private final Staleness staleness;
    private final ExecutorService runner = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("patchkey-background").daemon().factory());

    /** One lane for each key. */
    private final NaturalBatches<KeyName, Command, Outcome> batches;

    /** Whether a reconciliation is asked for and has not begun. */
    private final AtomicBoolean hinted = new AtomicBoolean();

    /** How many members had left at the last comparison that has succeeded: it says nothing of what is left after another. */
    private volatile long provenAfter;

    /** Whether a loss was told of whose epoch has not begun. */
    private final AtomicBoolean lossTold = new AtomicBoolean();

    private final HazelcastInstance hazelcast;

    private final StoreMetrics metrics;

    HazelcastReferenceCounts(HazelcastInstance hazelcast, Membership membership, StoreMetrics metrics) {
        this.hazelcast = hazelcast;
        this.counts = hazelcast.getMap(ClusterConfig.COUNTS);
        this.membership = membership;
        this.clock = PartitionOwner.at(hazelcast).clock();
        this.provenAfter = membership.departures();
        this.staleness = new Staleness(this::cutOff);
        this.epoch = new Epoch(hazelcast);
        this.commits = new HazelcastCommits(hazelcast, membership, epoch::current, epoch::latest);
        this.batches = new NaturalBatches<>(runner, Commits.LARGEST_BATCH, this::decide);
        this.metrics = metrics;
        metrics.watch(batches::waiting, staleness, view);
    }

    private @Nullable String cutOff() {
        String reason = membership.belowQuorum();
        if (reason != null) {
            return reason;
        }
        return membership.departures() == provenAfter
                ? null
                : "A pod has left, and this one has not compared its memory with the others' since";
    }

    /** Fills the view, then serves. */
    @SuppressWarnings("FutureReturnValueIgnored") // the work ends with the executor, and logs its own failures
    void start() {
        epoch.join(newer -> reconcileSoon());
        counts.addEntryListener(
                new Listening() {
                    @Override
                    public void entryAdded(EntryEvent<String, KeyEntry> event) {
                        heard(event.getValue());
                    }

                    @Override
                    public void entryUpdated(EntryEvent<String, KeyEntry> event) {
                        heard(event.getValue());
                    }
                },
                true);
        counts.addPartitionLostListener((MapPartitionLostListener) event -> lost());
        Membership.onMerged(hazelcast, () -> background.execute(this::afterMerge));
        Membership.onChange(hazelcast, this::reconcileSoon);
        reconcile();
        background.scheduleWithFixedDelay(this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
        background.scheduleWithFixedDelay(
                this::reconcileOrWarn, RECONCILE_MILLIS, RECONCILE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private interface Listening extends EntryAddedListener<String, KeyEntry>, EntryUpdatedListener<String, KeyEntry> {}

    private void heard(KeyEntry entry) {
        KeyState state = entry.state();
        boolean sameEpoch =
                view.offer(new View.Entry(state.key(), state.count(), new Version(entry.epoch(), state.revision())));
        if (!sameEpoch || entry.epoch() < view.version().epoch()) {
            // Older: a pod has written it that had not heard of the new epoch, to which it belongs all the same.
            reconcileSoon();
        }
    }

    /**
     * Told once for each partition. The epoch that was broken is the one of the first telling, and those that follow at
     * once belong to the same loss: each epoch has every node begin anew.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // it logs its own failures
    void lost() {
        if (!background.isShutdown() && lossTold.compareAndSet(false, true)) {
            long broken = epoch.current();
            background.schedule(() -> beginNextEpoch(broken), LOSS_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void afterMerge() {
        log.warn("This pod was cut off and has joined the others again: a new epoch begins, with what they have");
        try {
            epoch.nextAfterMerge();
            reconcile();
        } catch (Throwable e) {
            log.error("The new epoch could not be begun here; the view may be of the time before", e);
        }
    }

    private void beginNextEpoch(long broken) {
        lossTold.set(false);
        log.warn("Partitions were lost with their backups, and the keys in them: a new epoch begins");
        try {
            epoch.next(broken);
        } catch (Throwable e) {
            log.error("The new epoch could not be begun here; another pod will have", e);
        }
    }

    private void reconcileSoon() {
        if (!background.isShutdown() && hinted.compareAndSet(false, true)) {
            background.execute(this::reconcileOrWarn);
        }
    }

    private void reconcileOrWarn() {
        hinted.set(false);
        try {
            reconcile();
        } catch (Throwable e) {
            // An Error too: what is scheduled ends for good at the first one that it lets through.
            log.warn("The view could not be compared with the map; trying again in {} ms", RECONCILE_MILLIS, e);
        }
    }

    /**
     * Compares every entry, those of deleted keys included, which stay with count 0. All members with entries must answer,
     * so a pod that is cut off from one of them, or was paused, finds out by this before it is told.
     */
    private void reconcile() {
        long begun = staleness.begin();
        long departures = membership.departures();
        long now = epoch.current();
        List<View.Entry> entries = counts.project(new Queries.CountOf()).stream()
                .map(count -> new View.Entry(count.key(), count.count(), new Version(now, count.revision())))
                .toList();
        if (now > view.version().epoch()) {
            long highest = entries.stream()
                    .mapToLong(entry -> entry.version().revision())
                    .max()
                    .orElse(0);
            view.replace(new Version(now, highest), entries);
        } else {
            entries.forEach(view::offer);
        }
        if (membership.isSettledSince(departures)) {
            provenAfter = departures;
            staleness.proven(begun);
        }
    }

    private void sweep() {
        try {
            ExpirySweep.run(this::overdue, this);
        } catch (Throwable e) {
            log.warn("Ended leases are left for the next time", e);
        }
    }

    /** Of the keys that this pod owns: each is swept by one. */
    private List<ExpirySweep.Expiring> overdue(int limit) {
        Instant now = clock.instant();
        Set<String> keys = counts.localKeySet(new Queries.Overdue(now));
        return states(keys)
                .flatMap(state -> state.holds().values().stream()
                        .filter(hold -> Queries.isOverdue(hold, now))
                        .map(hold -> new ExpirySweep.Expiring(state.key(), hold.holder())))
                .limit(limit)
                .toList();
    }

    @Override
    public CompletableFuture<Outcome> submit(Command command) {
        return metrics.timed(command, each -> batches.submit(each.key(), each));
    }

    private void decide(List<NaturalBatches.Pending<Command, Outcome>> batch) {
        metrics.batch(batch.size());
        long begun = System.nanoTime();
        List<Outcome> outcomes;
        try {
            outcomes = commits.execute(
                    batch.stream().map(NaturalBatches.Pending::question).toList());
        } catch (StoreUnavailableException e) {
            metrics.commit(StoreMetrics.Commit.UNAVAILABLE, begun);
            batch.forEach(each -> each.fail(e));
            return;
        } catch (OutcomeUnknownException e) {
            metrics.commit(StoreMetrics.Commit.UNKNOWN, begun);
            batch.forEach(each -> each.fail(e));
            return;
        }
        metrics.commit(StoreMetrics.Commit.DONE, begun);
        long committed = System.nanoTime();
        KeyName key = batch.getFirst().question().key();
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Done done && done.version().revision() > 0) {
                view.offer(new View.Entry(key, done.count(), done.version()));
            }
        }
        metrics.published(committed);
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer(outcomes.get(i));
        }
    }

    @Override
    public Read read(KeyName key, Consistency consistency) {
        Read read = settled(consistency, () -> {
            View.Entry known = view.get(key);
            return notBefore(known, asRead(key, ask(key)));
        });
        return new Read(read.state(), read.version(), staleAfter(consistency));
    }

    private @Nullable KeyState ask(KeyName key) {
        try {
            return counts.submitToKey(key.value(), new ReadState())
                    .toCompletableFuture()
                    .get(READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreUnavailableException("The pod that has the key did not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the key was asked for", e);
        }
    }

    /** To be called after the read, so that a pause in the middle of it is noticed. */
    private @Nullable Stale staleAfter(Consistency consistency) {
        return consistency == Consistency.STRONG ? null : staleness.now();
    }

    private Read asRead(KeyName key, @Nullable KeyState state) {
        KeyState known = state == null ? KeyState.absent(key) : state;
        return new Read(known, new Version(epoch.current(), known.revision()));
    }

    /** An entry that was lost with all its copies is as one that never was, until the new epoch says so. */
    private static Read notBefore(View.@Nullable Entry known, Read read) {
        if (known != null
                && known.version().epoch() == read.version().epoch()
                && !read.version().isAtLeast(known.version())) {
            throw new StoreUnavailableException("The pods that had key " + known.key()
                    + " were lost, and the epoch without them has not begun yet");
        }
        return read;
    }

    /*
     * A pod that was paused, or is cut off, may have been given up by the others, who go on with its entries; and it may
     * not know yet. So it goes by when it last heard from all of them, by the monotonic clock, as for a weak read.
     */
    /** A strong read counts only with a quorum, if no member has left meanwhile, and if the others have this pod among them. */
    private <T> T settled(Consistency consistency, Supplier<T> reading) {
        try {
            if (consistency == Consistency.CLUSTER) {
                return reading.get();
            }
            for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
                membership.requireQuorum();
                long departures = membership.departures();
                T read = reading.get();
                if (membership.isSettledSince(departures) && staleness.now() == null) {
                    return read;
                }
                reconcileSoon();
                pause();
            }
            Stale stale = staleness.now();
            throw new StoreUnavailableException(stale == null ? "The cluster's members kept changing" : stale.reason());
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            throw new StoreUnavailableException("The cluster could not be asked", e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(ATTEMPT_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while the cluster was asked", e);
        }
    }

    @Override
    public Page list(String prefix, @Nullable KeyName after, int limit, Consistency consistency) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw new IllegalArgumentException("limit must be 1 to " + LARGEST_PAGE + ", and is " + limit);
        }
        Page page = settled(consistency, () -> {
            if (consistency == Consistency.STRONG) {
                // The names come from the view, so the view must have every key that there is by now.
                reconcile();
            }
            Version version = view.version();
            return new Page(page(prefix, after, limit), version, null);
        });
        return new Page(page.reads(), page.version(), staleAfter(consistency));
    }

    private List<Read> page(String prefix, @Nullable KeyName after, int limit) {
        List<Read> page = new ArrayList<>();
        @Nullable KeyName last = after;
        while (page.size() < limit) {
            List<KeyName> names = view.names(prefix, last, limit);
            if (names.isEmpty()) {
                break;
            }
            Map<KeyName, View.@Nullable Entry> known = new HashMap<>();
            names.forEach(name -> known.put(name, view.get(name)));
            Map<KeyName, KeyState> states = states(
                            names.stream().map(KeyName::value).collect(Collectors.toSet()))
                    .collect(Collectors.toMap(KeyState::key, Function.identity()));
            names.stream()
                    .map(name -> notBefore(known.get(name), asRead(name, states.get(name))))
                    .filter(read -> read.state().exists())
                    .limit(limit - page.size())
                    .forEach(page::add);
            last = names.getLast();
        }
        return page;
    }

    private Stream<KeyState> states(Set<String> keys) {
        Map<String, KeyState> states = counts.executeOnKeys(keys, new ReadState());
        return states.values().stream().filter(Objects::nonNull);
    }

    @Override
    public List<Read> heldBy(Holder holder) {
        return settled(Consistency.STRONG, () -> {
            Collection<KeyState> held = counts.project(new Queries.StateOf(), new Queries.HeldBy(holder));
            return held.stream().map(state -> asRead(state.key(), state)).toList();
        });
    }

    @Override
    public HoldCensus holds(int limit) {
        return settled(Consistency.CLUSTER, () -> {
            List<Held> all = enabledKeys().stream()
                    .flatMap(this::states)
                    .flatMap(HazelcastReferenceCounts::holdsOf)
                    .sorted(Comparator.comparing(Held::since))
                    .toList();
            long nodes = all.stream().filter(Held::ofNode).count();
            return new HoldCensus(
                    all.size() - nodes, nodes, all.stream().limit(limit).toList());
        });
    }

    /** In parts of a size that one operation may have. */
    private List<Set<String>> enabledKeys() {
        List<Set<String>> parts = new ArrayList<>();
        for (View.Entry entry : view.snapshot().entries()) {
            if (entry.count() > 0) {
                if (parts.isEmpty() || parts.getLast().size() == LARGEST_PAGE) {
                    parts.add(new HashSet<>());
                }
                parts.getLast().add(entry.key().value());
            }
        }
        return parts;
    }

    private static Stream<Held> holdsOf(KeyState state) {
        return state.holds().values().stream()
                .map(hold -> new Held(state.key(), hold.holder(), hold.node() != null, hold.since(), hold.deadline()));
    }

    @Override
    public List<HistoryLine> history(KeyName key, long before, int limit) {
        throw new UnsupportedOperationException("The store hazelcast keeps no history");
    }

    @Override
    public View view() {
        return view;
    }

    @Override
    public @Nullable Stale stale() {
        return staleness.now();
    }

    /** Ends once the background work in progress has; commands in flight end on their own. */
    @Override
    public void close() {
        if (!Closing.within(CLOSE_PATIENCE, runner, background)) {
            log.warn("Commands are still being decided after {}; leaving them", CLOSE_PATIENCE);
        }
    }
}
