package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Remembered;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

    static void write(Writes writes, Map<Asked, Remembered> fresh) {
        writes.insert(
                "requests",
                List.of(
                        "request_key",
                        "caller",
                        "hash",
                        "refusal",
                        "detail",
                        "ref_count",
                        "epoch",
                        "revision",
                        "changed",
                        "remembered_at"),
                fresh.entrySet().stream()
                        .map(each -> row(each.getKey(), each.getValue()))
                        .toList());
    }

    private static @Nullable Object[] row(Asked asked, Remembered remembered) {
        Outcome.Done done = remembered.outcome() instanceof Outcome.Done it ? it : null;
        Outcome.Refused refused = remembered.outcome() instanceof Outcome.Refused it ? it : null;
        return new @Nullable Object[] {
            asked.key(),
            asked.caller(),
            remembered.hash(),
            refused == null ? null : refused.refusal().name(),
            refused == null ? null : refused.detail(),
            done == null ? null : (Integer) done.count(),
            done == null ? null : (Long) done.version().epoch(),
            done == null ? null : (Long) done.version().revision(),
            done == null ? null : (Boolean) done.changed(),
            remembered.at()
        };
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
        // By its time too: another pod may have forgotten it just now, and its caller have used the key again.
        Sql.batch(
                connection,
                "DELETE FROM requests WHERE request_key = ? AND caller = ? AND remembered_at < ?",
                old,
                (statement, asked) -> {
                    statement.setString(1, asked.key());
                    statement.setString(2, asked.caller());
                    Sql.setInstant(statement, 3, before);
                });
        return old.size() == LARGEST_PURGE;
    }
}
