package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.ReferenceCounts.HistoryLine;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The table of changes: the audit, and every key's history. */
final class ChangeTable {

    /** The most rows that one purge deletes. */
    static final int LARGEST_PURGE = 5000;

    private ChangeTable() {}

    /** One row to write. */
    record Change(KeyName key, HistoryLine line) {}

    static void write(Writes writes, List<Change> changes) {
        writes.insert(
                "changes",
                List.of(
                        "revision",
                        "epoch",
                        "key_name",
                        "action",
                        "holder",
                        "ref_count",
                        "actor",
                        "changed_at",
                        "reason",
                        "trace_id"),
                changes.stream().map(ChangeTable::row).toList());
    }

    private static @Nullable Object[] row(Change change) {
        HistoryLine line = change.line();
        Holder holder = line.holder();
        return new @Nullable Object[] {
            line.version().revision(),
            line.version().epoch(),
            change.key().value(),
            line.action(),
            holder == null ? null : holder.value(),
            line.count(),
            line.change().actor(),
            line.change().at(),
            line.change().reason(),
            line.trace()
        };
    }

    static List<HistoryLine> history(Connection connection, KeyName key, long before, int limit) throws SQLException {
        return Sql.query(
                connection,
                "SELECT * FROM changes WHERE key_name = ? AND revision < ? ORDER BY revision DESC FETCH FIRST " + limit
                        + " ROWS ONLY",
                ChangeTable::line,
                key.value(),
                before);
    }

    private static HistoryLine line(ResultSet row) throws SQLException {
        String holder = row.getString("holder");
        return new HistoryLine(
                new Version(row.getLong("epoch"), row.getLong("revision")),
                new LastChange(row.getString("actor"), Sql.requireInstant(row, "changed_at"), row.getString("reason")),
                row.getString("action"),
                holder == null ? null : new Holder(holder),
                row.getInt("ref_count"),
                row.getString("trace_id"));
    }

    /**
     * Forgets changes up to that revision, oldest first, at most {@link #LARGEST_PURGE}: revisions have no gaps, so a
     * range of them has a known size.
     *
     * @return whether there may be more
     */
    static boolean purge(Connection connection, long upTo) throws SQLException {
        long oldest = oldest(connection);
        if (oldest == 0 || oldest > upTo) {
            return false;
        }
        long end = Math.min(upTo, oldest + LARGEST_PURGE - 1);
        Sql.update(connection, "DELETE FROM changes WHERE revision <= ?", end);
        return end < upTo;
    }

    /**
     * Forgets changes from before that time, oldest first, at most {@link #LARGEST_PURGE}. Changes are made in the order of
     * their revisions, so one that is kept keeps those after it, whatever a clock that was set back has given them.
     *
     * @param upTo the last revision when {@code before} was decided: what is committed since is not looked at
     * @return whether there may be more
     */
    static boolean purge(Connection connection, Instant before, long upTo) throws SQLException {
        long oldest = oldest(connection);
        if (oldest == 0 || oldest > upTo) {
            return false;
        }
        long end = Math.min(upTo, oldest + LARGEST_PURGE - 1);
        long firstKept = Sql.query(
                        connection,
                        "SELECT COALESCE(MIN(revision), ?) AS first_kept FROM changes WHERE revision <= ?"
                                + " AND changed_at >= ?",
                        row -> (Long) row.getLong("first_kept"),
                        end + 1,
                        end,
                        before)
                .getFirst();
        if (firstKept == oldest) {
            return false;
        }
        Sql.update(connection, "DELETE FROM changes WHERE revision < ?", firstKept);
        return firstKept > end && end < upTo;
    }

    /** The oldest revision that is kept; 0, as JDBC reads the null of an empty table, if none is. */
    private static long oldest(Connection connection) throws SQLException {
        return Sql.query(connection, "SELECT MIN(revision) AS oldest FROM changes", row -> (Long) row.getLong("oldest"))
                .getFirst();
    }

    static @Nullable Holder holderOf(Action action) {
        return switch (action) {
            case Action.Acquire acquire -> acquire.holder();
            case Action.Release release -> release.holder();
            case Action.Expire expire -> expire.holder();
            default -> null;
        };
    }
}
