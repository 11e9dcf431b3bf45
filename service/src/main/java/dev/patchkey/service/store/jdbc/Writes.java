package dev.patchkey.service.store.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rows that a transaction writes, gathered so that they go to the database together, in the order in which they were
 * added. How long the fence is held is a matter of round trips: on PostgreSQL, where each column of a write is one array,
 * all of it is one.
 */
final class Writes {

    /** PostgreSQL's types of the columns that are no texts; a column of one name has one type in all tables. */
    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("id", "int2"),
            Map.entry("bare", "int4"),
            Map.entry("ref_count", "int4"),
            Map.entry("revision", "int8"),
            Map.entry("batch", "int8"),
            Map.entry("epoch", "int8"),
            Map.entry("lease_nanos", "int8"),
            Map.entry("incarnation", "int8"),
            Map.entry("operation", "int8"),
            Map.entry("deleted", "bool"),
            Map.entry("changed", "bool"),
            Map.entry("changed_at", "timestamptz"),
            Map.entry("since", "timestamptz"),
            Map.entry("deadline", "timestamptz"),
            Map.entry("ended_at", "timestamptz"),
            Map.entry("remembered_at", "timestamptz"),
            Map.entry("seen_at", "timestamptz"));

    private enum Kind {
        INSERT,
        /** Updates the row where there is one. */
        UPSERT,
        UPDATE,
        DELETE
    }

    /**
     * Rows of one table to be written alike.
     *
     * @param values columns to set
     * @param keys columns that name the row
     * @param rows the values, then the keys
     */
    private record Write(
            Kind kind, String table, List<String> values, List<String> keys, List<@Nullable Object[]> rows) {
        List<String> columns() {
            return Stream.concat(values.stream(), keys.stream()).toList();
        }
    }

    private final List<Write> writes = new ArrayList<>();

    void insert(String table, List<String> columns, List<@Nullable Object[]> rows) {
        add(new Write(Kind.INSERT, table, columns, List.of(), rows));
    }

    void upsert(String table, List<String> values, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Write(Kind.UPSERT, table, values, keys, rows));
    }

    void update(String table, List<String> values, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Write(Kind.UPDATE, table, values, keys, rows));
    }

    void delete(String table, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Write(Kind.DELETE, table, List.of(), keys, rows));
    }

    private void add(Write write) {
        if (!write.rows().isEmpty()) {
            writes.add(write);
        }
    }

    /** Writes it all. */
    void run(Connection connection) throws SQLException {
        if (writes.isEmpty()) {
            return;
        }
        if (Dialect.of(connection) == Dialect.POSTGRESQL) {
            runTogether(connection);
            return;
        }
        for (Write write : writes) {
            Sql.batch(connection, rowByRow(write), write.rows(), Sql::set);
        }
    }

    private static String rowByRow(Write write) {
        String table = write.table();
        return switch (write.kind()) {
            case INSERT -> "INSERT INTO " + table + " " + list(write.columns()) + " VALUES " + marks(write);
            case UPSERT ->
                "MERGE INTO " + table + " " + list(write.columns()) + " KEY " + list(write.keys()) + " VALUES "
                        + marks(write);
            case UPDATE ->
                "UPDATE " + table + " SET " + each(write.values(), "%1$s = ?", ", ") + " WHERE "
                        + each(write.keys(), "%1$s = ?", " AND ");
            case DELETE -> "DELETE FROM " + table + " WHERE " + each(write.keys(), "%1$s = ?", " AND ");
        };
    }

    private void runTogether(Connection connection) throws SQLException {
        String sql = writes.stream().map(Writes::byArrays).collect(Collectors.joining("; "));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int parameter = 1;
            for (Write write : writes) {
                List<String> columns = write.columns();
                for (int c = 0; c < columns.size(); c++) {
                    int column = c;
                    @Nullable Object[] values =
                            write.rows().stream().map(row -> row[column]).toArray();
                    statement.setArray(parameter, connection.createArrayOf(type(columns.get(c)), values));
                    parameter++;
                }
            }
            statement.execute();
        }
    }

    private static String byArrays(Write write) {
        String table = write.table();
        String rows = "unnest("
                + write.columns().stream()
                        .map(name -> "?::" + type(name) + "[]")
                        .collect(Collectors.joining(", "))
                + ") AS v " + list(write.columns());
        String same = each(write.keys(), table + ".%1$s = v.%1$s", " AND ");
        return switch (write.kind()) {
            case INSERT -> "INSERT INTO " + table + " " + list(write.columns()) + " SELECT * FROM " + rows;
            case UPSERT ->
                "INSERT INTO " + table + " " + list(write.columns()) + " SELECT * FROM " + rows + " ON CONFLICT "
                        + list(write.keys()) + " DO UPDATE SET " + each(write.values(), "%1$s = EXCLUDED.%1$s", ", ");
            case UPDATE ->
                "UPDATE " + table + " SET " + each(write.values(), "%1$s = v.%1$s", ", ") + " FROM " + rows + " WHERE "
                        + same;
            case DELETE -> "DELETE FROM " + table + " USING " + rows + " WHERE " + same;
        };
    }

    private static String type(String column) {
        return TYPES.getOrDefault(column, "varchar");
    }

    private static String list(List<String> columns) {
        return "(" + String.join(", ", columns) + ")";
    }

    private static String marks(Write write) {
        return "(" + each(write.columns(), "?", ", ") + ")";
    }

    private static String each(List<String> columns, String form, String between) {
        return columns.stream().map(form::formatted).collect(Collectors.joining(between));
    }
}
