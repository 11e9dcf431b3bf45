package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.store.StoreHealth;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this pod last found of its database. Once a second it asks: whether the database answers, whether it takes writes
 * at all, and, where the last write has failed, whether a write goes through again. Thread-safe.
 *
 * <p>While the database is away, or somebody suspects that it is, the question goes by a connection of its own and more
 * often. The pool's way takes too long: it pauses between two attempts for twice as long each time, up to seconds, as
 * long as anybody waits for it. So those who would are refused as soon as this has found the database away, and the pool
 * begins anew when it is back.
 */
final class DatabaseHealth implements StoreHealth, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);

    private static final long PROBE_MILLIS = 1000;

    /** The pause between two looks at a database that is away: everybody waits for it to be back. */
    private static final long AWAY_MILLIS = 250;

    /** A probe that takes longer than this has found the database unreachable, whatever becomes of it. */
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(3);

    private final DataSource dataSource;
    private final Durability durability;

    /** Told each time that the database is found to answer again; must not block. */
    private final Runnable onReturn;

    private final ScheduledExecutorService prober = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("patchkey-prober").daemon().factory());

    /** Written under this object's lock; read by anyone. */
    private volatile Report report = new Report(State.AVAILABLE, Instant.now(), null);

    /** When the probe that is under way has begun, by {@link System#nanoTime}; null between probes. */
    private volatile @Nullable Long probing;

    /** When the last probe began that was due, by {@link System#nanoTime}. Used by the prober alone. */
    private long lastProbe = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(PROBE_MILLIS);

    /** Whether somebody could not get through to the database since the last probe began. */
    private volatile boolean suspected;

    /** Whether the last write has failed, and none has gone through since. Written under this object's lock. */
    private volatile boolean writeFailed;

    DatabaseHealth(DataSource dataSource, Durability durability, Runnable onReturn) {
        this.dataSource = dataSource;
        this.durability = durability;
        this.onReturn = onReturn;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it ends with the executor, and lets no failure through
    void start() {
        prober.scheduleWithFixedDelay(this::probeIfDue, 0, AWAY_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public Report report() {
        Long began = probing;
        Report last = report;
        if (began != null && last.state() != State.UNREACHABLE) {
            Duration waited = Duration.ofNanos(System.nanoTime() - began);
            if (waited.compareTo(PROBE_PATIENCE) > 0) {
                return new Report(
                        State.UNREACHABLE,
                        Instant.now().minus(waited),
                        "The database has not answered for " + waited.toSeconds() + " s");
            }
        }
        return last;
    }

    /** A write has gone through. */
    void wrote() {
        if (writeFailed || report.state() != State.AVAILABLE) {
            found(State.AVAILABLE, null, false);
        }
    }

    /** Somebody could not get through to the database: it is looked at now. */
    void suspect() {
        suspected = true;
    }

    /**
     * A write has failed, and not for the sake of what was written. A lost connection says nothing of what the database
     * takes: the probe finds out.
     */
    void writeFailed(Throwable failure) {
        suspect();
        if (report.state() == State.AVAILABLE && !Sql.isConnectionLost(failure)) {
            found(State.READ_ONLY, "The database takes no changes: " + Sql.reason(failure), true);
        } else {
            writeFailed = true;
        }
    }

    private void probeIfDue() {
        long now = System.nanoTime();
        boolean due = now - lastProbe >= TimeUnit.MILLISECONDS.toNanos(PROBE_MILLIS);
        boolean unreachable = report.state() == State.UNREACHABLE;
        boolean away = suspected || unreachable;
        if (!due && !away) {
            return;
        }
        if (due) {
            lastProbe = now;
        }
        suspected = false;
        // Its small write may find the room that a change did not: not at once after that was refused.
        probe(away, due || unreachable);
    }

    private void probe(boolean away, boolean mayWrite) {
        probing = System.nanoTime();
        try {
            String refusal = away ? askEitherWay() : askByThePool();
            if (refusal != null) {
                found(State.READ_ONLY, refusal, true);
            } else if (!writeFailed) {
                found(State.AVAILABLE, null, false);
            } else if (mayWrite) {
                probeWriting();
            }
        } catch (Throwable e) {
            // An Error too: what is scheduled ends for good at the first one that it lets through.
            found(State.UNREACHABLE, "The database does not answer: " + Sql.reason(e), writeFailed);
        } finally {
            probing = null;
        }
    }

    /**
     * By a connection of its own. A server that is there may refuse it, for want of a place, or be slow to let it in: so
     * as long as those of the pool are not barred, they are asked too before they are.
     */
    private @Nullable String askEitherWay() throws SQLException {
        try {
            return askByItself();
        } catch (SQLException e) {
            if (report.state() == State.UNREACHABLE) {
                throw e;
            }
            try {
                return askByThePool();
            } catch (SQLException byThePool) {
                e.addSuppressed(byThePool);
                throw e;
            }
        }
    }

    private @Nullable String askByThePool() throws SQLException {
        return durability.read(dataSource, connection -> Dialect.of(connection).refusesWrites(connection));
    }

    private @Nullable String askByItself() throws SQLException {
        try (Connection connection = Durability.connectBesidePool(dataSource)) {
            Dialect dialect = Dialect.of(connection);
            dialect.beginReading(connection);
            return dialect.refusesWrites(connection);
        }
    }

    private void probeWriting() {
        try (Connection connection = dataSource.getConnection()) {
            Dialect.of(connection).beginWriting(connection);
            try {
                Head.lock(connection).touch(connection);
                durability.commit(connection);
                found(State.AVAILABLE, null, false);
            } catch (SQLException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        } catch (SQLException e) {
            if (Sql.isConnectionLost(e)) {
                suspect();
            } else {
                found(State.READ_ONLY, "The database takes no changes: " + Sql.reason(e), true);
            }
        }
    }

    private synchronized void found(State state, @Nullable String reason, boolean failed) {
        Report last = report;
        writeFailed = failed;
        durability.refuseConnections(state == State.UNREACHABLE ? reason : null);
        if (state == last.state()) {
            report = new Report(state, last.since(), reason);
            return;
        }
        report = new Report(state, Instant.now(), reason);
        if (last.state() == State.UNREACHABLE) {
            onReturn.run();
        }
        if (reason == null) {
            log.info("The database is available again, after {}", Duration.between(last.since(), Instant.now()));
        } else {
            log.warn("{}; reads go on from memory. It is tried again at least each second", reason);
        }
    }

    @Override
    public void close() {
        prober.shutdown();
    }
}
