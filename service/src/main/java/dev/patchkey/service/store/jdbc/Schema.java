package dev.patchkey.service.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/** The database's tables, as the numbered migrations make them. */
final class Schema {
    private static final String FOR_ALL = "classpath:db/migration";

    /** How PostgreSQL stores them: what standard SQL has no words for. */
    private static final String FOR_POSTGRESQL = "classpath:db/postgresql";

    private Schema() {}

    /** Has the migrations of this database run, and a schema that a newer service has migrated refused. */
    static void configure(FluentConfiguration flyway) throws SQLException {
        List<String> locations = new ArrayList<>(List.of(FOR_ALL));
        try (Connection connection = flyway.getDataSource().getConnection()) {
            if (Dialect.of(connection) == Dialect.POSTGRESQL) {
                locations.add(FOR_POSTGRESQL);
            }
        }
        flyway.locations(locations.toArray(String[]::new));
        // Used once in a database's life, by the migration that keeps it there.
        Map<String, String> placeholders = new HashMap<>(flyway.getPlaceholders());
        placeholders.put("database_uuid", UUID.randomUUID().toString());
        flyway.placeholders(placeholders);
        // By itself Flyway takes migrations that it does not know for harmless.
        flyway.ignoreMigrationPatterns(new String[0]);
    }

    /** What tells the database from every other, a copy of it excepted. */
    static String identity(Connection connection) throws SQLException {
        List<String> rows = Sql.query(
                connection, "SELECT database_uuid FROM database_identity", row -> row.getString("database_uuid"));
        if (rows.size() != 1) {
            throw new SQLException("Table database_identity must have exactly one row, and has " + rows.size());
        }
        return rows.getFirst();
    }
}
