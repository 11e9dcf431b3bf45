package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Closing;
import dev.patchkey.service.store.Commits;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.ExpirySweep;
import dev.patchkey.service.store.LocalView;
import dev.patchkey.service.store.NaturalBatches;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.Stale;
import dev.patchkey.service.store.Staleness;
import dev.patchkey.service.store.StoreMetrics;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.View;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reference counts behind which a database stands. Commands go to the committer, this pod's own or another's.
 *
 * <p>A read asks the {@linkplain ReadIndex read index} how far the database has come. If the view has every change up to
 * there, the read is answered from the cluster's map where that is at least as new as the view; otherwise from the
 * database. So it does not matter what the map lacks, be it for a lost event, a lost partition, or because the change was
 * committed by a pod of another cluster or beyond a split. If the database does not answer, the read is answered from
 * memory and marked stale.
 *
 * <p>The renewal of a hold takes no revision, so of it the view tells nothing: where the map lacks one, a read shows the
 * lease of before it.
 */
final class JdbcReferenceCounts implements ReferenceCounts, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(JdbcReferenceCounts.class);

    /** How often the view is compared with the database, and old rows and ended leases are looked for. */
    private static final long BACKGROUND_MILLIS = Staleness.RECONCILED_EVERY.toMillis();

    /**
     * How long after its deadline a lease is left to the pod that commits. That one may be cut off from the database alone:
     * then it keeps its place, the others decide for themselves, and one of them has to end leases too.
     */
    private static final int LEFT_TO_COMMITTER_SECONDS = 5;

    /** Of how many looks for old rows a pod that does not commit makes one: a second purge finds next to nothing. */
    private static final int PURGES_LEFT_TO_COMMITTER = 60;

    /** A batch in flight takes milliseconds; a pod that is told to go must be gone in half a minute. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private enum Lane {
        ONLY
    }

    private final DataSource dataSource;
    private final Durability durability;
    private final CountsMap map;
    private final CommitterRoute route;
    private final DatabaseHealth health;
    private final JdbcCommits commits;
    private final LocalView view = new LocalView(true);
    private final Reconciliation reconciliation;
    private final ReadIndex index;
    private final Staleness staleness = new Staleness(() -> null);
    private final Retention retention;

    private final ExecutorService committer = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("patchkey-committer").daemon().factory());
    private final ExecutorService forwarder = Executors.newVirtualThreadPerTaskExecutor();

    /** Compares the view with the database, and waits for nothing else, the map included. */
    private final ScheduledExecutorService reconciler = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("patchkey-reconciler").daemon().factory());

    /** Puts into the map what it lacks, which may take as long as members need to be given up. */
    private final ExecutorService publisher = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("patchkey-publisher").daemon().factory());

    /** Ends leases and purges old rows, which may wait for the committer. */
    private final ScheduledExecutorService housekeeper = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("patchkey-housekeeper").daemon().factory());

    private final StoreMetrics metrics;
    private final NaturalBatches<Lane, Command, Outcome> here;
    private final NaturalBatches<Lane, Command, Outcome> elsewhere;

    /** How often the housekeeper, whose alone it is, found that another pod commits. */
    private int looks;

    /** Whether a reconciliation is asked for and has not begun. */
    private final AtomicBoolean hinted = new AtomicBoolean();

    /** Whether the map is to be filled, and that has not begun. */
    private final AtomicBoolean publishing = new AtomicBoolean();

    JdbcReferenceCounts(
            DataSource dataSource,
            Durability durability,
            CountsMap map,
            CommitterRoute route,
            Retention retention,
            StoreMetrics metrics) {
        this(dataSource, durability, map, route, retention, ReadIndex.of(dataSource, durability), metrics);
    }

    JdbcReferenceCounts(
            DataSource dataSource,
            Durability durability,
            CountsMap map,
            CommitterRoute route,
            Retention retention,
            ReadIndex index,
            StoreMetrics metrics) {
        this.dataSource = dataSource;
        this.durability = durability;
        this.map = map;
        this.route = route;
        this.retention = retention;
        this.index = index;
        this.metrics = metrics;
        this.health = new DatabaseHealth(dataSource, durability, this::reconcileSoon);
        this.commits = new JdbcCommits(
                dataSource,
                durability,
                this::publish,
                view::version,
                UUID.randomUUID().toString());
        this.reconciliation = new Reconciliation(dataSource, durability, map, view, staleness);
        this.here = new NaturalBatches<>(committer, Commits.LARGEST_BATCH, this::commit);
        this.elsewhere = new NaturalBatches<>(forwarder, Commits.LARGEST_BATCH, this::forward);
        metrics.watch(() -> here.waiting() + elsewhere.waiting(), staleness, view);
    }

    /** Loads everything, then serves. */
    @SuppressWarnings("FutureReturnValueIgnored") // the work ends with the executor, and logs its own failures
    void start() throws SQLException {
        map.onAnnounced(this::heard);
        map.onDisturbance(() -> {
            reconciliation.requireReload();
            reconcileSoon();
        });
        reconciliation.compare();
        publishMissing();
        health.start();
        route.serve(command -> here.submit(Lane.ONLY, command));
        reconciler.scheduleWithFixedDelay(this::reconcile, BACKGROUND_MILLIS, BACKGROUND_MILLIS, TimeUnit.MILLISECONDS);
        housekeeper.scheduleWithFixedDelay(
                this::keepHouse, BACKGROUND_MILLIS, BACKGROUND_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The map may be out of order while pods come and go: it is a copy, and is tried again. */
    private void publishMissing() {
        publishing.set(false);
        try {
            reconciliation.publish();
        } catch (Throwable e) {
            log.warn("The cluster's map could not be filled; trying again in {} ms", BACKGROUND_MILLIS, e);
        }
    }

    private void publishSoon() {
        if (!publisher.isShutdown() && publishing.compareAndSet(false, true)) {
            publisher.execute(this::publishMissing);
        }
    }

    private void heard(CountsMap.Advance advance) {
        if (!view.advance(advance.from(), advance.to(), advance.changed())) {
            // Other changes lie before it; the database knows.
            reconcileSoon();
        }
    }

    private void reconcileSoon() {
        if (!reconciler.isShutdown() && hinted.compareAndSet(false, true)) {
            reconciler.execute(this::reconcile);
        }
    }

    private void reconcile() {
        hinted.set(false);
        try {
            reconciliation.compare();
            publishSoon();
        } catch (Throwable e) {
            // An Error too: what is scheduled ends for good at the first one that it lets through.
            health.suspect();
            log.warn("The view could not be compared with the database; trying again in {} ms", BACKGROUND_MILLIS, e);
        }
    }

    private void keepHouse() {
        try {
            boolean commits = route.isHere();
            ExpirySweep.run(limit -> overdue(limit, commits ? 0 : LEFT_TO_COMMITTER_SECONDS), this);
            if (commits || ++looks % PURGES_LEFT_TO_COMMITTER == 0) {
                retention.purge(dataSource, durability);
            }
        } catch (Throwable e) {
            log.warn("Ended leases and old rows are left for the next time", e);
        }
    }

    private List<ExpirySweep.Expiring> overdue(int limit, int seconds) {
        return read(connection -> Sql.query(
                connection,
                "SELECT key_name, holder FROM holds WHERE deadline <= CURRENT_TIMESTAMP - INTERVAL '" + seconds
                        + "' SECOND FETCH FIRST " + limit + " ROWS ONLY",
                row -> new ExpirySweep.Expiring(
                        new KeyName(row.getString("key_name")), new Holder(row.getString("holder")))));
    }

    @Override
    public CompletableFuture<Outcome> submit(Command command) {
        return metrics.timed(command, this::route);
    }

    private CompletableFuture<Outcome> route(Command command) {
        return route.isHere() ? here.submit(Lane.ONLY, command) : elsewhere.submit(Lane.ONLY, command);
    }

    private void commit(List<NaturalBatches.Pending<Command, Outcome>> batch) {
        metrics.batch(batch.size());
        long begun = System.nanoTime();
        List<Outcome> outcomes;
        try {
            outcomes = commits.execute(
                    batch.stream().map(NaturalBatches.Pending::question).toList(), () -> {
                        metrics.commit(StoreMetrics.Commit.DONE, begun);
                        health.wrote();
                    });
        } catch (StoreUnavailableException e) {
            metrics.commit(StoreMetrics.Commit.UNAVAILABLE, begun);
            if (batch.size() > 1 && JdbcCommits.isWorthSplitting(e)) {
                commit(batch.subList(0, batch.size() / 2));
                commit(batch.subList(batch.size() / 2, batch.size()));
            } else {
                if (!JdbcCommits.isWorthSplitting(e)) {
                    health.writeFailed(e.getCause() == null ? e : e.getCause());
                }
                batch.forEach(each -> each.fail(e));
            }
            return;
        } catch (OutcomeUnknownException e) {
            metrics.commit(StoreMetrics.Commit.UNKNOWN, begun);
            health.writeFailed(e.getCause() == null ? e : e.getCause());
            batch.forEach(each -> each.fail(e));
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer(outcomes.get(i));
        }
    }

    /** Makes what is committed visible: to readers by the map, to nodes by the view, this pod's and then the others'. */
    private void publish(Version before, Version after, List<Published> states) {
        long committed = System.nanoTime();
        try {
            map.publish(states);
        } catch (Throwable e) {
            // It is committed, and by the view readers are told to ask the database.
            log.warn("Committed changes could not be put into the cluster's map; trying again soon", e);
            reconciliation.requireReload();
            reconcileSoon();
        }
        List<View.Entry> changed = states.stream().map(Published::entry).toList();
        boolean complete = view.advance(before, after, changed);
        if (!complete || after.epoch() != view.version().epoch()) {
            reconcileSoon();
        }
        metrics.published(committed);
        if (!after.equals(before)) {
            map.announce(new CountsMap.Advance(before, after, changed));
        }
    }

    /** Returns when every command is answered, those that are decided here after all included. */
    private void forward(List<NaturalBatches.Pending<Command, Outcome>> batch) {
        List<CommitterRoute.Answer> answers;
        try {
            answers = route.forward(
                    batch.stream().map(NaturalBatches.Pending::question).toList());
        } catch (StoreUnavailableException e) {
            // Nobody has it: any pod may commit, so this one does.
            awaitAll(batch.stream().map(this::decideHere).toList());
            return;
        } catch (OutcomeUnknownException e) {
            awaitAll(batch.stream().map(each -> retryHere(each, e)).toList());
            return;
        }
        List<CompletableFuture<?>> decidedHere = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            CommitterRoute.Answer answer = answers.get(i);
            if (answer instanceof CommitterRoute.Answer.Decided decided) {
                see(batch.get(i).question(), decided.outcome());
                batch.get(i).answer(decided.outcome());
            } else if (answer instanceof CommitterRoute.Answer.Unavailable) {
                decidedHere.add(decideHere(batch.get(i)));
            } else if (answer instanceof CommitterRoute.Answer.Unknown unknown) {
                decidedHere.add(retryHere(batch.get(i), new OutcomeUnknownException(unknown.message())));
            }
        }
        awaitAll(decidedHere);
    }

    /** A failure is its command's answer. */
    private static void awaitAll(List<? extends CompletableFuture<?>> decisions) {
        CompletableFuture.allOf(decisions.toArray(CompletableFuture[]::new))
                .exceptionally(failure -> null)
                .join();
    }

    /** A command that may have been applied can be decided again only if it would be recognised. */
    private CompletableFuture<?> retryHere(
            NaturalBatches.Pending<Command, Outcome> pending, OutcomeUnknownException unknown) {
        if (pending.question().request() == null) {
            pending.fail(unknown);
            return CompletableFuture.completedFuture(null);
        }
        return here.submit(Lane.ONLY, pending.question()).whenComplete((outcome, failure) -> {
            if (outcome != null) {
                pending.answer(outcome);
            } else {
                pending.fail(unknown);
            }
        });
    }

    private CompletableFuture<?> decideHere(NaturalBatches.Pending<Command, Outcome> pending) {
        return here.submit(Lane.ONLY, pending.question()).whenComplete((outcome, failure) -> {
            if (outcome != null) {
                pending.answer(outcome);
            } else if (failure instanceof RuntimeException e) {
                pending.fail(e);
            } else {
                pending.fail(new OutcomeUnknownException("The command ended without an answer", failure));
            }
        });
    }

    /** What this pod has acknowledged, its reads must not be older than. */
    private void see(Command command, Outcome outcome) {
        if (outcome instanceof Outcome.Done done && done.version().revision() > 0) {
            view.offer(new View.Entry(command.key(), done.count(), done.version()));
        }
    }

    @Override
    public Read read(KeyName key, Consistency consistency) {
        if (consistency == Consistency.STRONG) {
            return readStrongly(List.of(key)).getFirst();
        }
        Standing standing = standing();
        if (standing == Standing.BEHIND) {
            return readStrongly(List.of(key)).getFirst();
        }
        Stale stale = standing == Standing.CURRENT ? null : cutOff();
        Published published = map.get(key);
        if (isCurrent(key, published)) {
            return published == null ? absent(key, stale) : asRead(published, stale);
        }
        if (stale != null) {
            throw notInMemory();
        }
        return readStrongly(List.of(key)).getFirst();
    }

    /** How the view stands to what was committed before the question. */
    private enum Standing {
        /** It has all of it. */
        CURRENT,
        /** It lacks some; the database can be asked. */
        BEHIND,
        /** The database does not say. */
        UNKNOWN
    }

    private Standing standing() {
        if (staleness.now() != null) {
            // Known already: nobody waits for a database that is away. The reconciler finds out when it is back.
            return Standing.UNKNOWN;
        }
        long begun = staleness.begin();
        Version head = index.ask();
        if (head == null) {
            return Standing.UNKNOWN;
        }
        if (!view.version().isAtLeast(head)) {
            reconcileSoon();
            return Standing.BEHIND;
        }
        staleness.proven(begun);
        return Standing.CURRENT;
    }

    private Stale cutOff() {
        Stale stale = staleness.now();
        return stale != null ? stale : staleness.because("The database does not answer this pod");
    }

    private static StoreUnavailableException notInMemory() {
        return new StoreUnavailableException(
                "The database does not answer, and the cluster's memory lacks what this pod has seen of the key");
    }

    /** Whether the map's answer is at least as new as what this pod has seen. */
    private boolean isCurrent(KeyName key, @Nullable Published published) {
        if (published != null && published.epoch() < view.version().epoch()) {
            // A new epoch may lack the key: nothing in the map takes the place of what it had in the old one.
            return false;
        }
        View.Entry seen = view.get(key);
        return seen == null || (published != null && published.version().isAtLeast(seen.version()));
    }

    private Read absent(KeyName key, @Nullable Stale stale) {
        return new Read(KeyState.absent(key), new Version(view.version().epoch(), 0), stale);
    }

    private static Read asRead(Published published, @Nullable Stale stale) {
        return new Read(published.state(), published.version(), stale);
    }

    private List<Read> readStrongly(List<KeyName> keys) {
        return read(connection -> {
            Head head = Head.read(connection);
            Map<KeyName, StateTables.Row> rows = StateTables.read(connection, keys);
            return keys.stream()
                    .map(key ->
                            rows.getOrDefault(key, StateTables.Row.absent(key)).state())
                    .map(state -> new Read(state, new Version(head.epoch(), state.revision())))
                    .toList();
        });
    }

    @Override
    public Page list(String prefix, @Nullable KeyName after, int limit, Consistency consistency) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw new IllegalArgumentException("limit must be 1 to " + LARGEST_PAGE + ", and is " + limit);
        }
        Standing standing = consistency == Consistency.STRONG ? Standing.BEHIND : standing();
        if (standing == Standing.BEHIND) {
            catchUp();
        }
        Stale stale = standing == Standing.UNKNOWN ? cutOff() : null;
        Version version = view.version();
        List<Read> page = new ArrayList<>();
        @Nullable KeyName last = after;
        while (page.size() < limit) {
            List<KeyName> names = view.names(prefix, last, limit);
            if (names.isEmpty()) {
                break;
            }
            List<Read> reads = consistency == Consistency.STRONG ? readStrongly(names) : readFromMap(names, stale);
            reads.stream()
                    .filter(read -> read.state().exists())
                    .limit(limit - page.size())
                    .forEach(page::add);
            last = names.getLast();
        }
        return new Page(page, version, stale);
    }

    /** The names come from the view, so the view must have every key that is committed by now. */
    private void catchUp() {
        try {
            reconciliation.compare();
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        }
        reconcileSoon();
    }

    private List<Read> readFromMap(List<KeyName> names, @Nullable Stale stale) {
        Map<KeyName, Published> found = map.getAll(new TreeSet<>(names));
        List<KeyName> lacking = names.stream()
                .filter(name -> found.get(name) == null || !isCurrent(name, found.get(name)))
                .toList();
        if (!lacking.isEmpty() && stale != null) {
            throw notInMemory();
        }
        Map<KeyName, Read> read = new HashMap<>();
        found.forEach((name, published) -> read.put(name, asRead(published, stale)));
        if (!lacking.isEmpty()) {
            readStrongly(lacking).forEach(each -> read.put(each.state().key(), each));
        }
        return names.stream()
                .map(name -> Objects.requireNonNull(read.get(name)))
                .toList();
    }

    @Override
    public List<Read> heldBy(Holder holder) {
        List<KeyName> keys = read(connection -> Sql.query(
                connection,
                "SELECT key_name FROM holds WHERE holder = ?",
                row -> new KeyName(row.getString("key_name")),
                holder.value()));
        return inPages(keys).stream()
                .flatMap(page -> readStrongly(page).stream())
                .filter(read -> read.state().holds().containsKey(holder))
                .toList();
    }

    @Override
    public HoldCensus holds(int limit) {
        return read(connection -> HoldsOfAllKeys.read(connection, limit));
    }

    private static List<List<KeyName>> inPages(List<KeyName> keys) {
        List<List<KeyName>> pages = new ArrayList<>();
        for (int from = 0; from < keys.size(); from += LARGEST_PAGE) {
            pages.add(keys.subList(from, Math.min(keys.size(), from + LARGEST_PAGE)));
        }
        return pages;
    }

    @Override
    public List<HistoryLine> history(KeyName key, long before, int limit) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw new IllegalArgumentException("limit must be 1 to " + LARGEST_PAGE + ", and is " + limit);
        }
        return read(connection -> ChangeTable.history(connection, key, before, limit));
    }

    private <T> T read(Durability.Reading<T> reading) {
        try {
            return durability.read(dataSource, reading);
        } catch (SQLException e) {
            throw new StoreUnavailableException("The database could not be read: " + e.getMessage(), e);
        }
    }

    @Override
    public View view() {
        return view;
    }

    @Override
    public @Nullable Stale stale() {
        return staleness.now();
    }

    /** Whether the database is there, as this pod sees it. */
    DatabaseHealth health() {
        return health;
    }

    /** One line for the log: where the counts are, and how far they have come. */
    String describe() throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            // Without its parameters, among which there may be a password.
            String url = connection.getMetaData().getURL().split("[;?]", 2)[0];
            return url + ", epoch " + view.version().epoch() + ", revision "
                    + view.version().revision() + ", " + view.size() + " keys";
        }
    }

    /** Ends once what was submitted is answered. */
    @Override
    public void close() {
        health.close();
        reconciler.shutdown();
        publisher.shutdown();
        housekeeper.shutdown();
        index.close();
        if (!Closing.within(CLOSE_PATIENCE, committer, forwarder, reconciler, publisher, housekeeper)) {
            log.warn("Commands are still being committed after {}; leaving them", CLOSE_PATIENCE);
        }
    }

    /** How many batches found that another committer had moved the head since this pod's own last one. */
    double fenceConflicts() {
        return commits.fenceConflicts();
    }

    /** How many commits had failed in a way that left it open whether they had happened. */
    double fatesInDoubt() {
        return commits.fatesInDoubt();
    }

    /** Whether this pod is the one that commits. */
    boolean isCommitter() {
        return route.isHere();
    }
}
