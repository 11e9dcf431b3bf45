package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.store.StoreUnavailableException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Small helpers that JDBC lacks. */
final class Sql {

    /** The server shuts down, has crashed, or is not up yet. */
    private static final Set<String> SESSION_ENDED = Set.of("57P01", "57P02", "57P03");

    private Sql() {}

    /** Reads one row of a result. */
    interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** Sets the parameters of a statement from one item. */
    interface Binder<T> {
        void bind(PreparedStatement statement, T item) throws SQLException;
    }

    /** Runs the statement for each item, as one JDBC batch; nothing for no items. */
    static <T> void batch(Connection connection, String sql, Collection<T> items, Binder<T> binder)
            throws SQLException {
        if (items.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (T item : items) {
                binder.bind(statement, item);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    static int update(Connection connection, String sql, @Nullable Object... arguments) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, arguments);
            return statement.executeUpdate();
        }
    }

    static <T> List<T> query(Connection connection, String sql, Row<T> row, @Nullable Object... arguments)
            throws SQLException {
        List<T> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, arguments);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(row.read(result));
                }
            }
        }
        return rows;
    }

    /** Queries by a list of texts, for which the SQL has {@code IN (?)}. */
    static <T> List<T> queryIn(Connection connection, String sql, Row<T> row, Collection<String> texts)
            throws SQLException {
        return texts.isEmpty() ? List.of() : Dialect.of(connection).queryIn(connection, sql, row, texts);
    }

    static void set(PreparedStatement statement, @Nullable Object... arguments) throws SQLException {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof Instant instant) {
                setInstant(statement, i + 1, instant);
            } else {
                statement.setObject(i + 1, arguments[i]);
            }
        }
    }

    static void setInstant(PreparedStatement statement, int index, @Nullable Instant instant) throws SQLException {
        if (instant == null) {
            statement.setNull(index, Types.TIMESTAMP_WITH_TIMEZONE);
        } else {
            statement.setObject(index, instant.atOffset(ZoneOffset.UTC));
        }
    }

    static @Nullable Instant getInstant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : precise(time.toInstant());
    }

    static Instant requireInstant(ResultSet row, String column) throws SQLException {
        return precise(row.getObject(column, OffsetDateTime.class).toInstant());
    }

    /** The time in the precision that the tables keep, so that what was decided equals what is read back. */
    static Instant precise(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS);
    }

    static @Nullable Long getLong(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? null : value;
    }

    /** Rolls back and says nothing if that fails too: the failure before it is the one to tell. */
    static void rollbackQuietly(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException ignored) {
            // The database rolls back what a broken connection leaves.
        }
    }

    static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException ignored) {
            // What was decided on it has its own answer already.
        }
    }

    /**
     * Whether the statement failed with its connection: SQLSTATE class 08, or the server has ended the session.
     *
     * @see <a href="https://www.postgresql.org/docs/18/errcodes-appendix.html">PostgreSQL's error codes</a>
     */
    static boolean isConnectionLost(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql
                    && sql.getSQLState() != null
                    && (sql.getSQLState().startsWith("08") || SESSION_ENDED.contains(sql.getSQLState()))) {
                return true;
            }
        }
        return false;
    }

    /** What is wrong, in a line: what the database or its driver says, which a pool wraps in words of its own. */
    static String reason(Throwable failure) {
        Throwable innermost = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException) {
                innermost = cause;
            }
        }
        return firstLine(innermost);
    }

    static String firstLine(Throwable failure) {
        String message = failure.getMessage();
        return message == null
                ? failure.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    static StoreUnavailableException unavailable(Exception cause) {
        return new StoreUnavailableException("The database did not take the command: " + cause.getMessage(), cause);
    }
}
