package dev.patchkey.service.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What the databases say differently: the one place, with {@link Durability}, that knows them by name. */
enum Dialect {
    H2,
    POSTGRESQL;

    /** @throws SQLException if the database is none of these */
    static Dialect of(Connection connection) throws SQLException {
        String name = connection.getMetaData().getDatabaseProductName();
        return switch (name) {
            case "H2" -> H2;
            case "PostgreSQL" -> POSTGRESQL;
            default -> throw new SQLException("The database must be H2 or PostgreSQL, and is " + name);
        };
    }

    /** Why the database would refuse any write, or null if it would not for what it says of itself. */
    static @Nullable String refusesWrites(Connection connection) throws SQLException {
        if (of(connection) == H2) {
            Head.read(connection);
            return null;
        }
        return Sql.query(
                        connection,
                        "SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only')::boolean"
                                + " AS read_only",
                        row -> row.getBoolean("standby")
                                ? "The database is a standby, which is read-only"
                                : row.getBoolean("read_only")
                                        ? "The database is read-only (default_transaction_read_only is on)"
                                        : "")
                .stream()
                .filter(reason -> !reason.isEmpty())
                .findFirst()
                .orElse(null);
    }
}
