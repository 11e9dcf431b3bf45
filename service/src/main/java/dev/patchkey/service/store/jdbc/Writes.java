package dev.patchkey.service.store.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

    /** True in a statement with a part called fence that has found its row. */
    private static final String BEHIND_FENCE = "EXISTS (SELECT FROM fence)";

    private enum Kind {
        INSERT,
        /** Updates the row where there is one. */
        UPSERT,
        UPDATE,
        DELETE
    }

    /**
     * How rows of one table are written.
     *
     * @param values columns to set
     * @param keys columns that name the row
     */
    private record Form(Kind kind, String table, List<String> values, List<String> keys) {
        List<String> columns() {
            return Stream.concat(values.stream(), keys.stream()).toList();
        }
    }

    /**
     * Rows of one table to be written alike.
     *
     * @param rows the values, then the keys
     */
    private record Write(Form form, List<@Nullable Object[]> rows) {}

    /** The statements that have been sent ahead of the fence: as many as forms are written together, which is a handful. */
    private static final Map<List<Form>, String> AHEAD = new ConcurrentHashMap<>();

    /**
     * What became of rows that were written without the fence.
     *
     * @param written whether they were: the head was as it was said to be
     * @param warning of the commit, or null
     */
    record Ahead(boolean written, @Nullable SQLWarning warning) {}

    private final List<Write> writes = new ArrayList<>();

    void insert(String table, List<String> columns, List<@Nullable Object[]> rows) {
        add(new Form(Kind.INSERT, table, columns, List.of()), rows);
    }

    void upsert(String table, List<String> values, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Form(Kind.UPSERT, table, values, keys), rows);
    }

    void update(String table, List<String> values, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Form(Kind.UPDATE, table, values, keys), rows);
    }

    void delete(String table, List<String> keys, List<@Nullable Object[]> rows) {
        add(new Form(Kind.DELETE, table, List.of(), keys), rows);
    }

    private void add(Form form, List<@Nullable Object[]> rows) {
        if (!rows.isEmpty()) {
            writes.add(new Write(form, rows));
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
            Sql.batch(connection, rowByRow(write.form()), write.rows(), Sql::set);
        }
    }

    private static String rowByRow(Form form) {
        String table = form.table();
        return switch (form.kind()) {
            case INSERT -> "INSERT INTO " + table + " " + list(form.columns()) + " VALUES " + marks(form);
            case UPSERT ->
                "MERGE INTO " + table + " " + list(form.columns()) + " KEY " + list(form.keys()) + " VALUES "
                        + marks(form);
            case UPDATE ->
                "UPDATE " + table + " SET " + each(form.values(), "%1$s = ?", ", ") + " WHERE "
                        + each(form.keys(), "%1$s = ?", " AND ");
            case DELETE -> "DELETE FROM " + table + " WHERE " + each(form.keys(), "%1$s = ?", " AND ");
        };
    }

    private void runTogether(Connection connection) throws SQLException {
        String sql = writes.stream().map(write -> byArrays(write.form(), "")).collect(Collectors.joining("; "));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            setArrays(connection, statement, 1);
            statement.execute();
        }
    }

    /**
     * Moves the head, writes it all and commits, in one round trip to PostgreSQL; nothing at all is written if the head is
     * not as given, its time not that of the database within {@link SupposedHead#CLOCK_TOLERANCE}, or the session not one
     * whose commits last.
     *
     * <p>All of it is one statement. No part writes before it has asked whether the update of the head has found its row,
     * so that comes first: where it has to wait for a transaction that moves the head, it looks at the row anew, and finds
     * none. What the other parts see is from before that wait, which does no harm: the head being as it was, nobody has
     * written since. They ask at once and not row by row, so the plan is that of the same writes without the condition.
     * All parts see the same, and not what another has written: no two of them may be about one row. The time is looked at
     * before such a wait, and again only if the head was written meanwhile.
     *
     * @throws SQLException if it is not known whether it was written, unless it is the server's refusal of the statement,
     *     which the commit behind it does not outlive
     */
    Ahead runAndCommitFrom(Connection connection, Head head, long newRevision, long newBatch) throws SQLException {
        String sql = AHEAD.computeIfAbsent(writes.stream().map(Write::form).toList(), Writes::ahead);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, newRevision);
            statement.setLong(2, newBatch);
            statement.setLong(3, head.epoch());
            statement.setLong(4, head.revision());
            statement.setLong(5, head.batch());
            Sql.setInstant(statement, 6, head.now().minus(SupposedHead.CLOCK_TOLERANCE));
            Sql.setInstant(statement, 7, head.now().plus(SupposedHead.CLOCK_TOLERANCE));
            setArrays(connection, statement, 8);
            statement.execute();
            try (ResultSet locked = statement.getResultSet()) {
                return new Ahead(locked.next() && locked.getLong("locked") == 1, statement.getWarnings());
            }
        }
    }

    private static String ahead(List<Form> forms) {
        StringBuilder sql = new StringBuilder("WITH fence AS (UPDATE head SET revision = ?, batch = ? WHERE id = 1"
                + " AND epoch = ? AND revision = ? AND batch = ? AND clock_timestamp() BETWEEN ? AND ? AND "
                + PostgreSqlSession.IS_DURABLE + " RETURNING id)");
        for (int i = 0; i < forms.size(); i++) {
            sql.append(", w")
                    .append(i)
                    .append(" AS (")
                    .append(byArrays(forms.get(i), BEHIND_FENCE))
                    .append(')');
        }
        return sql.append(" SELECT count(*) AS locked FROM fence; COMMIT").toString();
    }

    private void setArrays(Connection connection, PreparedStatement statement, int first) throws SQLException {
        int parameter = first;
        for (Write write : writes) {
            List<String> columns = write.form().columns();
            for (int c = 0; c < columns.size(); c++) {
                int column = c;
                @Nullable Object[] values = write.rows().stream().map(row -> row[column]).toArray();
                statement.setArray(parameter, connection.createArrayOf(type(columns.get(c)), values));
                parameter++;
            }
        }
    }

    /** @param condition on all of it; empty for none */
    private static String byArrays(Form form, String condition) {
        String table = form.table();
        String rows = "unnest("
                + form.columns().stream().map(name -> "?::" + type(name) + "[]").collect(Collectors.joining(", "))
                + ") AS v " + list(form.columns());
        String same = each(form.keys(), table + ".%1$s = v.%1$s", " AND ");
        String where = condition.isEmpty() ? "" : " WHERE " + condition;
        String and = condition.isEmpty() ? "" : " AND " + condition;
        return switch (form.kind()) {
            case INSERT -> "INSERT INTO " + table + " " + list(form.columns()) + " SELECT * FROM " + rows + where;
            case UPSERT ->
                "INSERT INTO " + table + " " + list(form.columns()) + " SELECT * FROM " + rows + where
                        + " ON CONFLICT " + list(form.keys()) + " DO UPDATE SET "
                        + each(form.values(), "%1$s = EXCLUDED.%1$s", ", ");
            case UPDATE ->
                "UPDATE " + table + " SET " + each(form.values(), "%1$s = v.%1$s", ", ") + " FROM " + rows + " WHERE "
                        + same + and;
            case DELETE -> "DELETE FROM " + table + " USING " + rows + " WHERE " + same + and;
        };
    }

    private static String type(String column) {
        return TYPES.getOrDefault(column, "varchar");
    }

    private static String list(List<String> columns) {
        return "(" + String.join(", ", columns) + ")";
    }

    private static String marks(Form form) {
        return "(" + each(form.columns(), "?", ", ") + ")";
    }

    private static String each(List<String> columns, String form, String between) {
        return columns.stream().map(form::formatted).collect(Collectors.joining(between));
    }
}
