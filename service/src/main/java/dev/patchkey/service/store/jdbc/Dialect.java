package dev.patchkey.service.store.jdbc;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the databases say differently: the one place, beside {@link Durability}, that knows them by name. */
enum Dialect {
    /** Embedded: its clock is this process's, and it has one committer at a time. */
    H2 {
        @Override
        Head lockHead(Connection connection) throws SQLException {
            Head locked = Head.only(Sql.query(connection, Head.SELECT + " FOR UPDATE", Head::of));
            // CURRENT_TIMESTAMP is the transaction's start, before the wait for the lock.
            return locked.at(Sql.precise(Instant.now()));
        }

        @Override
        void beginReading(Connection connection) throws SQLException {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setAutoCommit(false);
        }

        @Override
        void beginWriting(Connection connection) throws SQLException {
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setAutoCommit(false);
        }

        /** Pads the list to a power of two, so that the database sees few different statements and can keep their plans. */
        @Override
        <T> List<T> queryIn(Connection connection, String sql, Sql.Row<T> row, Collection<String> texts)
                throws SQLException {
            List<String> padded = new ArrayList<>(texts);
            int size = Math.max(1, Integer.highestOneBit(2 * texts.size() - 1));
            String last = padded.getLast();
            while (padded.size() < size) {
                padded.add(last);
            }
            return Sql.query(
                    connection, sql.replace("IN (?)", "IN (?" + ", ?".repeat(size - 1) + ")"), row, padded.toArray());
        }

        @Override
        @Nullable String refusesWrites(Connection connection) throws SQLException {
            Head.read(connection);
            return null;
        }
    },

    /** A server, whose sessions {@link PostgreSqlSession} has set up. */
    POSTGRESQL {
        /**
         * The row is locked in a subquery, so that the clock is read after the wait for it. What the transaction needs of
         * its session comes along in the same round trip: a pooler between may have given it another than was set up.
         */
        private static final String LOCK = "SELECT locked.*, clock_timestamp() AS db_time,"
                + " current_setting('transaction_isolation') AS isolation,"
                + " current_setting('synchronous_commit') AS synchronous_commit"
                + " FROM (SELECT epoch, revision, batch FROM head WHERE id = 1 FOR UPDATE) AS locked";

        @Override
        Head lockHead(Connection connection) throws SQLException {
            return Head.only(Sql.query(connection, LOCK, row -> {
                if (!row.getString("isolation").equals("read committed")) {
                    throw new SQLException("The session must be READ COMMITTED: set"
                            + " spring.datasource.hikari.transaction-isolation to TRANSACTION_READ_COMMITTED");
                }
                PostgreSqlSession.requireDurable(row.getString("synchronous_commit"));
                return Head.of(row);
            }));
        }

        /** One snapshot for all statements; with the transaction's begin it is one round trip. */
        @Override
        void beginReading(Connection connection) throws SQLException {
            connection.setNetworkTimeout(Runnable::run, PostgreSqlSession.NETWORK_MILLIS);
            connection.setAutoCommit(false);
            Sql.update(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        }

        /** The isolation is the session's; {@link #lockHead} makes sure of it. */
        @Override
        void beginWriting(Connection connection) throws SQLException {
            connection.setNetworkTimeout(Runnable::run, PostgreSqlSession.NETWORK_MILLIS);
            connection.setAutoCommit(false);
        }

        @Override
        <T> List<T> queryIn(Connection connection, String sql, Sql.Row<T> row, Collection<String> texts)
                throws SQLException {
            Array array = connection.createArrayOf("varchar", texts.toArray());
            return Sql.query(connection, sql.replace("IN (?)", "= ANY (?)"), row, array);
        }

        @Override
        @Nullable String refusesWrites(Connection connection) throws SQLException {
            return Sql.query(
                            connection,
                            "SELECT pg_is_in_recovery() AS standby,"
                                    + " current_setting('default_transaction_read_only')::boolean AS read_only",
                            row -> row.getBoolean("standby")
                                    ? "The database is a standby, which takes no changes"
                                    : row.getBoolean("read_only")
                                            ? "The database takes no changes: its default_transaction_read_only is on"
                                            : "")
                    .stream()
                    .filter(reason -> !reason.isEmpty())
                    .findFirst()
                    .orElse(null);
        }
    };

    /** @throws IllegalStateException if the database is none of these */
    static Dialect of(Connection connection) throws SQLException {
        String name = connection.getMetaData().getDatabaseProductName();
        return switch (name) {
            case "H2" -> H2;
            case "PostgreSQL" -> POSTGRESQL;
            default ->
                throw new IllegalStateException(
                        "spring.datasource.url must name an H2 or PostgreSQL database, and" + " names one of " + name);
        };
    }

    /** Takes the fence; the head's time is of after the wait for it. */
    abstract Head lockHead(Connection connection) throws SQLException;

    /** Begins a transaction all of whose statements see one state. */
    abstract void beginReading(Connection connection) throws SQLException;

    /**
     * Begins a transaction in which each statement sees what was committed before it: a statement that has waited for a
     * lock must see what its last owner has written, whatever the database's own default is.
     */
    abstract void beginWriting(Connection connection) throws SQLException;

    /** Queries by a list of texts, not empty, for which the SQL has {@code IN (?)}. */
    abstract <T> List<T> queryIn(Connection connection, String sql, Sql.Row<T> row, Collection<String> texts)
            throws SQLException;

    /** Why the database would refuse any write, for all it says of itself; null if it would not. */
    abstract @Nullable String refusesWrites(Connection connection) throws SQLException;
}
