package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Remembered;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The table of remembered requests. */
final class RequestTable {

    /** The most rows that one purge deletes, so that no purge keeps a committer waiting for long. */
    static final int LARGEST_PURGE = 2000;

    private RequestTable() {}

    /** What a request is remembered by. */
    record Asked(String caller, String key) {
        static Asked of(RequestId request) {
            return new Asked(request.caller(), request.key());
        }
    }

    /** What is remembered of these requests. One that is past its time but not purged yet still counts. */
    static Map<Asked, Remembered> read(Connection connection, Collection<Asked> asked) throws SQLException {
        Map<Asked, Remembered> remembered = new HashMap<>();
        List<String> keys = asked.stream().map(Asked::key).distinct().toList();
        Sql.queryIn(
                connection,
                "SELECT * FROM requests WHERE request_key IN (?)",
                row -> remembered.put(
                        new Asked(row.getString("caller"), row.getString("request_key")), remembered(row)),
                keys);
        return remembered;
    }

    private static Remembered remembered(ResultSet row) throws SQLException {
        String refusal = row.getString("refusal");
        Outcome outcome = refusal == null
                ? new Outcome.Done(
                        row.getInt("ref_count"),
                        new Version(row.getLong("epoch"), row.getLong("revision")),
                        row.getBoolean("changed"))
                : new Outcome.Refused(Refusal.valueOf(refusal), row.getString("detail"));
        return new Remembered(row.getString("hash"), outcome, Sql.requireInstant(row, "remembered_at"));
    }

    static void write(Connection connection, Map<Asked, Remembered> fresh) throws SQLException {
        Sql.batch(
                connection,
                "INSERT INTO requests (request_key, caller, hash, refusal, detail, ref_count, epoch, revision, changed,"
                        + " remembered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                fresh.entrySet(),
                (statement, entry) -> {
                    statement.setString(1, entry.getKey().key());
                    statement.setString(2, entry.getKey().caller());
                    statement.setString(3, entry.getValue().hash());
                    if (entry.getValue().outcome() instanceof Outcome.Done done) {
                        statement.setNull(4, Types.VARCHAR);
                        statement.setNull(5, Types.VARCHAR);
                        statement.setInt(6, done.count());
                        statement.setLong(7, done.version().epoch());
                        statement.setLong(8, done.version().revision());
                        statement.setBoolean(9, done.changed());
                    } else if (entry.getValue().outcome() instanceof Outcome.Refused refused) {
                        statement.setString(4, refused.refusal().name());
                        statement.setString(5, refused.detail());
                        statement.setNull(6, Types.INTEGER);
                        statement.setNull(7, Types.BIGINT);
                        statement.setNull(8, Types.BIGINT);
                        statement.setNull(9, Types.BOOLEAN);
                    }
                    Sql.setInstant(statement, 10, entry.getValue().at());
                });
    }

    /**
     * Forgets requests from before that time, oldest first, at most {@link #LARGEST_PURGE}.
     *
     * @return whether there may be more
     */
    static boolean purge(Connection connection, Instant before) throws SQLException {
        List<Asked> old = Sql.query(
                connection,
                "SELECT request_key, caller FROM requests WHERE remembered_at < ? ORDER BY remembered_at FETCH FIRST "
                        + LARGEST_PURGE + " ROWS ONLY",
                row -> new Asked(row.getString("caller"), row.getString("request_key")),
                before);
        Sql.batch(connection, "DELETE FROM requests WHERE request_key = ? AND caller = ?", old, (statement, asked) -> {
            statement.setString(1, asked.key());
            statement.setString(2, asked.caller());
        });
        return old.size() == LARGEST_PURGE;
    }
}
