package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.logging.EdgeLog;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Commits;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.Remembered;
import dev.patchkey.service.store.StoreUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides each batch in one READ COMMITTED transaction, whose first statement locks the head row. That lock is the fence:
 * of all committers of all clusters over this database, one at a time reads, decides and commits, so what it has read is
 * still true when it commits.
 *
 * <p>A batch is committed and made visible before the next one begins.
 *
 * <p>States are kept in memory between batches and used only while the head says that the last batch was this pod's own:
 * then nobody can have changed a key in between.
 *
 * <p>On PostgreSQL a pod that has made the last batch decides one of plain increments and decrements ahead of the fence,
 * from what it keeps, and sends it with the condition that the head has not moved: one round trip instead of three. The
 * times of such changes are told by {@link SupposedHead}. Whatever goes by times, and whatever the database does not take
 * so, is decided behind the fence.
 *
 * <p>A commit that throws may have happened. Its batch number was written by the same transaction, so it is looked up,
 * under the fence, behind which a transaction that had the fence must have ended one way or the other. One that was sent
 * ahead of it may not even have begun: where its number is not found, the head is moved before anybody hears that it was
 * not applied, so that it meets another head when it arrives.
 */
final class JdbcCommits implements Commits {
    private static final Logger log = LoggerFactory.getLogger(JdbcCommits.class);

    /** The most keys whose states are kept between batches. */
    static final int MOST_KEPT = 10_000;

    /** How long a commit's fate is looked for before its callers are told that it is unknown. */
    private static final Duration FATE_PATIENCE = Duration.ofSeconds(10);

    private static final Duration FATE_PAUSE = Duration.ofMillis(100);

    /** What happens to states that are durable: they are made visible before their callers are answered. */
    interface Publication {
        void publish(Version before, Version after, List<Published> states);
    }

    /** What became of a transaction. */
    private sealed interface Fate {
        /** It is committed and durable, or surely not even committed. */
        record Known(boolean applied) implements Fate {}

        /**
         * Nobody knows yet, for this reason.
         *
         * @param underWay whether the transaction, not having had the fence, may begin even later
         */
        record InDoubt(Exception reason, boolean underWay) implements Fate {}
    }

    /**
     * States of errors by which the server, and nobody else, refuses a statement for want of something: of the right to
     * write, of room, of a lock. The commit that was sent with the statement is then skipped.
     */
    private static final Set<String> NOT_TAKEN = Set.of("25006", "53100", "55P03");

    private final DataSource dataSource;
    private final Durability durability;
    private final Publication publication;
    private final Supplier<Version> seen;
    private final String pod;
    private final EdgeLog edgeLog = new EdgeLog();

    /** One batch at a time; guards all below. */
    private final ReentrantLock committing = new ReentrantLock();

    private final Map<KeyName, StateTables.Row> kept = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<KeyName, StateTables.Row> eldest) {
            return size() > MOST_KEPT;
        }
    };

    /** The epoch and the batch number after which {@link #kept} is the truth. */
    private long keptEpoch;

    private long keptBatch;

    private final SupposedHead supposed;

    /**
     * The last number that this pod has given a batch. None is given twice, whatever became of the first: a statement that
     * was given up may arrive yet, and what is looked up by a number must be that batch and no other.
     */
    private long lastNumber;

    /** The newest epoch and batch of which this pod knows that they are durable. */
    private long durableEpoch;

    private long durableBatch;

    /** Written under {@link #committing}; read by anyone. */
    private volatile long fenceConflicts;

    /** The same. */
    private volatile long fatesInDoubt;

    /**
     * @param seen what this pod has seen committed, which a head that is sound is never behind
     * @param pod names this life of this pod, and no other
     */
    JdbcCommits(
            DataSource dataSource, Durability durability, Publication publication, Supplier<Version> seen, String pod) {
        this(dataSource, durability, publication, seen, pod, new SupposedHead(System::nanoTime, SupposedHead.PAUSE));
    }

    /** The same with another idea of when something can be supposed. */
    JdbcCommits(
            DataSource dataSource,
            Durability durability,
            Publication publication,
            Supplier<Version> seen,
            String pod,
            SupposedHead supposed) {
        this.dataSource = dataSource;
        this.durability = durability;
        this.publication = publication;
        this.seen = seen;
        this.pod = pod;
        this.supposed = supposed;
    }

    @Override
    public List<Outcome> execute(List<Command> batch) {
        return execute(batch, () -> {});
    }

    /**
     * The same.
     *
     * @param committed called as soon as a commit has gone through, however long it takes to make it visible
     */
    List<Outcome> execute(List<Command> batch, Runnable committed) {
        committing.lock();
        try {
            Decisions decisions = commit(batch, committed);
            if (decisions.writes()) {
                publish(decisions);
            }
            decisions.edges().forEach(edge -> edgeLog.crossed(edge.command(), edge.done()));
            return decisions.outcomes();
        } finally {
            committing.unlock();
        }
    }

    /** What is committed is acknowledged, whatever else goes wrong. */
    private void publish(Decisions decisions) {
        try {
            publication.publish(
                    decisions.head().version(),
                    new Version(decisions.head().epoch(), decisions.revision()),
                    decisions.published());
        } catch (Throwable e) {
            log.error("Committed changes were not made visible; the next reconciliation will", e);
        }
    }

    private Decisions commit(List<Command> batch, Runnable committed) {
        Connection connection;
        try {
            connection = durability.connect(dataSource);
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        }
        Decisions decisions;
        Fate fate;
        try {
            decisions = decideAhead(batch);
            fate = decisions == null ? new Fate.Known(false) : commitAhead(connection, decisions);
            if (decisions == null || (fate instanceof Fate.Known known && !known.applied())) {
                decisions = prepare(connection, batch);
                if (!decisions.writes()) {
                    endWithoutWriting(connection, decisions.head(), committed);
                    return decisions;
                }
                fate = commit(connection);
            }
        } finally {
            Sql.closeQuietly(connection);
        }
        if (fate instanceof Fate.InDoubt doubt) {
            settle(decisions, doubt);
        }
        keep(decisions);
        noteDurable(decisions.head().epoch(), decisions.batch());
        committed.run();
        return decisions;
    }

    private Fate commit(Connection connection) {
        try {
            durability.commit(connection);
            return new Fate.Known(true);
        } catch (SQLException | RuntimeException e) {
            return new Fate.InDoubt(e, false);
        }
    }

    private void endWithoutWriting(Connection connection, Head head, Runnable committed) {
        if (isDurable(head)) {
            Sql.rollbackQuietly(connection);
        } else {
            commitNothing(connection, head);
            committed.run();
        }
    }

    /**
     * Decides on the supposition that the head has not moved; null if that cannot be done, or would have nothing written
     * by which the database could make sure.
     */
    private @Nullable Decisions decideAhead(List<Command> batch) {
        Head head = durability.isEmbedded() ? null : supposed.now();
        if (head == null || head.isBehind(seen.get()) || !batch.stream().allMatch(JdbcCommits::isTimeless)) {
            return null;
        }
        Map<KeyName, StateTables.Row> states = new HashMap<>();
        for (Command command : batch) {
            StateTables.Row row = kept.get(command.key());
            if (row == null) {
                return null;
            }
            states.put(command.key(), row);
        }
        Decisions decisions = new Decisions(head, nextNumber(head), states, Map.of());
        try {
            batch.forEach(decisions::decide);
        } catch (RuntimeException e) {
            log.debug("A batch is decided behind the fence, where its failure is told", e);
            return null;
        }
        return decisions.writes() ? decisions : null;
    }

    /** Whether nothing is decided by the time, but when ended holds are forgotten, which a second does not matter to. */
    private static boolean isTimeless(Command command) {
        return command.action() instanceof Action.Increment || command.action() instanceof Action.Decrement;
    }

    /**
     * Says that it was not applied only where the server has refused the statement itself: what was sent has then arrived,
     * and was skipped up to its end, the commit included. No constraint waits for the commit.
     */
    private Fate commitAhead(Connection connection, Decisions decisions) {
        Writes.Ahead ahead;
        try {
            Dialect.of(connection).beginWriting(connection);
            ahead = writes(decisions)
                    .runAndCommitFrom(connection, decisions.head(), decisions.revision(), decisions.batch());
        } catch (SQLException | RuntimeException e) {
            if (refusesData(e)) {
                // A request that is remembered already, or one command's text.
                log.debug("A batch is decided anew, behind the fence", e);
                supposed.forget();
                Sql.rollbackQuietly(connection);
                return new Fate.Known(false);
            }
            // If it is this statement that fails, and not the database, the next ones come through behind the fence.
            supposed.pause();
            if (e instanceof SQLException sql && sql.getSQLState() != null && NOT_TAKEN.contains(sql.getSQLState())) {
                Sql.rollbackQuietly(connection);
                throw Sql.unavailable(e);
            }
            return new Fate.InDoubt(e, true);
        }
        if (!ahead.written()) {
            supposed.pause();
            return new Fate.Known(false);
        }
        SQLWarning warning = ahead.warning();
        return warning == null ? new Fate.Known(true) : new Fate.InDoubt(Durability.warned(warning), false);
    }

    private long nextNumber(Head head) {
        lastNumber = Math.max(lastNumber, head.batch()) + 1;
        return lastNumber;
    }

    private Writes writes(Decisions decisions) {
        Writes writes = new Writes();
        StateTables.write(writes, decisions.edits(), decisions.batch());
        RequestTable.write(writes, decisions.requests());
        ChangeTable.write(writes, decisions.changes());
        decisions.head().noteCommitter(writes, decisions.batch(), pod);
        return writes;
    }

    /**
     * Ends a transaction that has decided and writes nothing. What it has found may be visible and not durable: the commit
     * of another pod or of before a restart, whose wait for a standby was cut short, and which nobody has acknowledged.
     * The lock of the head row is logged behind it, so that whoever waits for this commit has waited for that one.
     */
    private void commitNothing(Connection connection, Head head) {
        try {
            durability.commit(connection);
        } catch (SQLException | RuntimeException e) {
            forget();
            throw new OutcomeUnknownException("The database did not confirm that what it has is durable", e);
        }
        noteDurable(head.epoch(), head.batch());
    }

    private boolean isDurable(Head head) {
        return head.epoch() == durableEpoch && head.batch() == durableBatch;
    }

    private void noteDurable(long epoch, long batch) {
        durableEpoch = epoch;
        durableBatch = batch;
    }

    /** All but the commit. If it throws, nothing was applied. */
    private Decisions prepare(Connection connection, List<Command> batch) {
        try {
            Dialect.of(connection).beginWriting(connection);
            Head head = NewEpoch.beginIfBehind(connection, Head.lock(connection), seen.get());
            supposed.locked(head);
            Decisions decisions =
                    new Decisions(head, nextNumber(head), states(connection, head, batch), requests(connection, batch));
            batch.forEach(decisions::decide);
            if (decisions.writes()) {
                Writes writes = writes(decisions);
                Head.moveTo(writes, decisions.revision(), decisions.batch());
                writes.run(connection);
            }
            return decisions;
        } catch (SQLException | RuntimeException e) {
            forget();
            Sql.rollbackQuietly(connection);
            throw Sql.unavailable(e);
        }
    }

    /** What was read may not be durable: after a failover the head may come to the same batch by another way. */
    private void forget() {
        kept.clear();
        keptBatch = -1;
        supposed.forget();
    }

    private Map<KeyName, StateTables.Row> states(Connection connection, Head head, List<Command> batch)
            throws SQLException {
        if (head.epoch() != keptEpoch || head.batch() != keptBatch) {
            if (keptBatch > 0 && head.batch() != keptBatch) {
                noteConflict();
            }
            kept.clear();
            keptEpoch = head.epoch();
            keptBatch = head.batch();
            supposed.forget();
        }
        Map<KeyName, StateTables.Row> states = new HashMap<>();
        Set<KeyName> missing = new HashSet<>();
        for (Command command : batch) {
            StateTables.Row row = kept.get(command.key());
            if (row == null) {
                missing.add(command.key());
            } else {
                states.put(command.key(), row);
            }
        }
        if (!missing.isEmpty()) {
            Map<KeyName, StateTables.Row> found = StateTables.read(connection, missing);
            missing.forEach(key -> found.putIfAbsent(key, StateTables.Row.absent(key)));
            states.putAll(found);
            kept.putAll(found);
        }
        return states;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one batch at a time
    private void noteConflict() {
        fenceConflicts++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one batch at a time
    private void noteDoubt() {
        fatesInDoubt++;
    }

    /** How many commits had failed in a way that left it open whether they had happened. */
    long fatesInDoubt() {
        return fatesInDoubt;
    }

    /** How many batches found that another committer had moved the head since this one last had it. */
    long fenceConflicts() {
        return fenceConflicts;
    }

    private static Map<RequestTable.Asked, Remembered> requests(Connection connection, List<Command> batch)
            throws SQLException {
        Collection<RequestTable.Asked> asked = batch.stream()
                .map(Command::request)
                .filter(Objects::nonNull)
                .map(RequestTable.Asked::of)
                .collect(Collectors.toSet());
        return asked.isEmpty() ? Map.of() : RequestTable.read(connection, asked);
    }

    private void keep(Decisions decisions) {
        decisions
                .edits()
                .forEach(edit -> kept.put(edit.after().key(), new StateTables.Row(edit.after(), decisions.batch())));
        keptBatch = decisions.batch();
        supposed.moved(decisions.headAfter());
    }

    /** Returns if the commit happened and is durable. */
    private void settle(Decisions decisions, Fate.InDoubt doubt) {
        Exception failure = doubt.reason();
        noteDoubt();
        forget();
        log.warn("A commit failed, so its batch {} is looked up", decisions.batch(), failure);
        long giveUpAt = System.nanoTime() + FATE_PATIENCE.toNanos();
        while (true) {
            try (Connection connection = durability.connect(dataSource)) {
                Dialect.of(connection).beginWriting(connection);
                Head head = lock(connection);
                if (hasCommitted(connection, decisions)) {
                    durability.commit(connection);
                    return;
                }
                if (doubt.underWay() && head.isAt(decisions.head())) {
                    Head.overtake(connection);
                    durability.commit(connection);
                } else {
                    Sql.rollbackQuietly(connection);
                }
                throw Sql.unavailable(failure);
            } catch (SQLException e) {
                if (System.nanoTime() > giveUpAt) {
                    failure.addSuppressed(e);
                    throw new OutcomeUnknownException("The database did not say whether it has committed", failure);
                }
                pause();
            }
        }
    }

    private static Head lock(Connection connection) throws SQLException {
        try {
            return Head.lock(connection);
        } catch (SQLException e) {
            Sql.rollbackQuietly(connection);
            throw e;
        }
    }

    /** Whether the batch is the last that was noted of this pod. A newer epoch does not undo it. */
    private boolean hasCommitted(Connection connection, Decisions decisions) throws SQLException {
        try {
            return Head.lastBatchOf(connection, pod) == decisions.batch();
        } catch (SQLException e) {
            Sql.rollbackQuietly(connection);
            throw e;
        }
    }

    private static void pause() {
        try {
            Thread.sleep(FATE_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutcomeUnknownException("Interrupted while the fate of a commit was looked up", e);
        }
    }

    /**
     * Whether a batch that was not applied may have failed for one command's sake: the database was there and refused the
     * data, or a decision itself failed. Otherwise each half would fail just as the whole did.
     */
    static boolean isWorthSplitting(StoreUnavailableException failure) {
        return failure.getCause() instanceof RuntimeException || refusesData(failure.getCause());
    }

    private static boolean refusesData(@Nullable Throwable failure) {
        return failure instanceof SQLException sql
                && sql.getSQLState() != null
                && (sql.getSQLState().startsWith("22") || sql.getSQLState().startsWith("23"));
    }
}
