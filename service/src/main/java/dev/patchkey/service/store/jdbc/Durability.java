package dev.patchkey.service.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.DriverDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTimeoutException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What it takes, after a commit, for its changes to outlive the machine; the one place, beside {@link Dialect}, that
 * knows a database by its name.
 *
 * <p>A server database is durable when {@code commit} returns. Embedded H2 is not: with {@code WRITE_DELAY=0} a commit
 * has written its pages when it returns, which the death of the process cannot undo, but has not forced them to the
 * disk, which {@code CHECKPOINT SYNC} does. Without {@code WRITE_DELAY=0} pages are written by another thread, which the
 * checkpoint does not wait for, so that setting is required of the URL.
 *
 * <p>Between the two, others could read what a loss of power may still undo. So both happen under a lock that strong
 * reads of this pod share; an embedded database has no other readers.
 */
final class Durability {

    /**
     * Connections of the pool that readers leave to those that write, so that no number of readers keeps these from their
     * own. Each kind of writer takes one at a time. Four write at any time: the committer, the numbering of incarnations,
     * the purge of old rows and the pod's lease. Three write only after something has happened, and share one: a new
     * epoch (the database was restored), the look whether writes go through again (one has failed) and the deletion of a
     * pod's row (it was not written for an hour).
     *
     * <p>Where two of those three come together and readers take all that is theirs, one of the six waits for the first
     * that is done. What a writer may be held up by is a lock, and {@link PostgreSqlSession} lets none be waited for as
     * long as a third of the shortest lease of a pod, whose renewal is tried again each second.
     */
    static final int WRITERS = 5;

    /** Readers of a data source that is no pool and does not say how many connections it has. */
    private static final int READERS_WITHOUT_POOL = 6;

    private static final int READER_PATIENCE_SECONDS = 10;

    private final boolean embeddedH2;

    /** Why nobody gets a connection; null while anybody does. */
    private volatile @Nullable String refusal;

    private final Semaphore readers;
    private final ReadWriteLock settled = new ReentrantReadWriteLock();

    private Durability(boolean embeddedH2, int readers) {
        this.embeddedH2 = embeddedH2;
        this.readers = new Semaphore(readers);
    }

    /**
     * Asks the database what it is, and its pool how many may read at once: one instance serves all that read it.
     *
     * @throws IllegalStateException if it acknowledges what it may lose, or if the pool is too
     *     small for anybody to read
     */
    static Durability of(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            boolean h2 = Dialect.of(connection) == Dialect.H2;
            if (!h2) {
                PostgreSqlSession.check(connection);
            } else if (writeDelay(connection) > 0) {
                throw new IllegalStateException(
                        "spring.datasource.url must have WRITE_DELAY=0 for H2, or a change that was"
                                + " acknowledged may be lost");
            }
            return new Durability(h2, readers(dataSource));
        }
    }

    private static int readers(DataSource dataSource) throws SQLException {
        if (!dataSource.isWrapperFor(HikariDataSource.class)) {
            return READERS_WITHOUT_POOL;
        }
        int connections = dataSource.unwrap(HikariDataSource.class).getMaximumPoolSize();
        if (connections <= WRITERS) {
            throw new IllegalStateException("spring.datasource.hikari.maximum-pool-size must be at least "
                    + (WRITERS + 1) + ", and is " + connections);
        }
        return connections - WRITERS;
    }

    private static int writeDelay(Connection connection) throws SQLException {
        return Sql.query(
                        connection,
                        "SELECT setting_value FROM information_schema.settings WHERE setting_name = 'WRITE_DELAY'",
                        row -> Integer.parseInt(row.getString(1)))
                .stream()
                .findFirst()
                .orElse(0);
    }

    /** Whether the database runs in this process, and belongs to it alone. */
    boolean isEmbedded() {
        return embeddedH2;
    }

    /** Commits; has returned only if the changes are durable. */
    void commit(Connection connection) throws SQLException {
        if (!embeddedH2) {
            commitAndHeedWarnings(connection);
            return;
        }
        settled.writeLock().lock();
        try {
            connection.commit();
            try (Statement statement = connection.createStatement()) {
                statement.execute("CHECKPOINT SYNC");
            }
        } finally {
            settled.writeLock().unlock();
        }
    }

    /**
     * PostgreSQL commits, and warns, where its wait for a synchronous standby is cut short: the change is there, and a
     * failover would lose it. Nothing else makes a commit warn, so each warning is taken for a failure: who has committed
     * looks the batch up, in a transaction that waits for the standby too.
     */
    private static void commitAndHeedWarnings(Connection connection) throws SQLException {
        connection.clearWarnings();
        connection.commit();
        SQLWarning warning = connection.getWarnings();
        if (warning != null) {
            throw warned(warning);
        }
    }

    /** The failure that such a warning is taken for. */
    static SQLException warned(SQLWarning warning) {
        return new SQLException(
                "The database has committed with a warning: " + warning.getMessage(), warning.getSQLState(), warning);
    }

    /** A connection that its pool, which may be at a loss for one, knows nothing of; of the same server and user. */
    static Connection connectBesidePool(DataSource dataSource) throws SQLException {
        if (!dataSource.isWrapperFor(HikariDataSource.class)) {
            return dataSource.getConnection();
        }
        HikariDataSource pool = dataSource.unwrap(HikariDataSource.class);
        return new DriverDataSource(
                        pool.getJdbcUrl(),
                        pool.getDriverClassName(),
                        pool.getDataSourceProperties(),
                        pool.getUsername(),
                        pool.getPassword())
                .getConnection();
    }

    /** Something that reads. */
    interface Reading<T extends @Nullable Object> {
        T from(Connection connection) throws SQLException;
    }

    /**
     * Has {@link #connect} fail at once with this reason; null ends that. A caller could only wait in vain, and as long as
     * callers wait the pool tries again ever more rarely.
     */
    void refuseConnections(@Nullable String reason) {
        refusal = reason;
    }

    /** A connection of the pool, for all but the look whether the database is there again. */
    Connection connect(DataSource dataSource) throws SQLException {
        requireNotRefused();
        return dataSource.getConnection();
    }

    private void requireNotRefused() throws SQLException {
        String reason = refusal;
        if (reason != null) {
            throw new SQLNonTransientConnectionException(reason);
        }
    }

    /** Reads in one view of what is committed and durable. */
    <T extends @Nullable Object> T read(DataSource dataSource, Reading<T> reading) throws SQLException {
        requireNotRefused();
        try {
            if (!readers.tryAcquire(READER_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new SQLTimeoutException("Too many readers for " + READER_PATIENCE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLTimeoutException("Interrupted while waiting to read", e);
        }
        try {
            return embeddedH2 ? readSettled(dataSource, reading) : readCommitted(dataSource, reading);
        } finally {
            readers.release();
        }
    }

    private <T extends @Nullable Object> T readSettled(DataSource dataSource, Reading<T> reading) throws SQLException {
        settled.readLock().lock();
        try {
            return readCommitted(dataSource, reading);
        } finally {
            settled.readLock().unlock();
        }
    }

    private static <T extends @Nullable Object> T readCommitted(DataSource dataSource, Reading<T> reading)
            throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            // One view for all statements, so that a key and its holds belong together.
            Dialect.of(connection).beginReading(connection);
            try {
                return reading.from(connection);
            } finally {
                Sql.rollbackQuietly(connection);
            }
        }
    }
}
