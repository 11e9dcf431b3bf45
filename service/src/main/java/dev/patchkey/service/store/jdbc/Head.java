package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Version;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one row that every committing transaction locks first.
 *
 * @param epoch the life of the store
 * @param revision of the last change
 * @param batch the number of the last batch that wrote anything, whoever committed it, or a later one that was left out
 * @param now the database's clock: where the head was locked, at a time when it was
 */
record Head(long epoch, long revision, long batch, Instant now) {

    static final String SELECT = "SELECT epoch, revision, batch, CURRENT_TIMESTAMP AS db_time FROM head WHERE id = 1";

    /** Takes the fence: no other transaction gets past this until this one has ended. */
    static Head lock(Connection connection) throws SQLException {
        return Dialect.of(connection).lockHead(connection);
    }

    static Head read(Connection connection) throws SQLException {
        return only(Sql.query(connection, SELECT, Head::of));
    }

    static Head of(ResultSet row) throws SQLException {
        return new Head(
                row.getLong("epoch"),
                row.getLong("revision"),
                row.getLong("batch"),
                Sql.precise(row.getObject("db_time", OffsetDateTime.class).toInstant()));
    }

    static Head only(List<Head> rows) throws SQLException {
        if (rows.size() != 1) {
            throw new SQLException("Table head must have exactly one row, and has " + rows.size());
        }
        return rows.getFirst();
    }

    Head at(Instant time) {
        return new Head(epoch, revision, batch, time);
    }

    /** Begins a new epoch, under the fence: it comes after this one, after that which was seen, and after all before. */
    Head beginEpoch(Connection connection, Version seen) throws SQLException {
        long next = Math.max(now.toEpochMilli(), Math.max(epoch, seen.epoch()) + 1);
        Sql.update(connection, "UPDATE head SET epoch = ? WHERE id = 1", next);
        return new Head(next, revision, batch, now);
    }

    /** Whether nobody has moved it since it was the other. */
    boolean isAt(Head other) {
        return epoch == other.epoch && revision == other.revision && batch == other.batch;
    }

    /** Whether changes that were committed are gone: somebody has seen a later version than this. */
    boolean isBehind(Version seen) {
        return !version().isAtLeast(seen);
    }

    /** Moves the head. */
    static void moveTo(Writes writes, long newRevision, long newBatch) {
        writes.update(
                "head",
                List.of("revision", "batch"),
                List.of("id"),
                List.<@Nullable Object[]>of(new @Nullable Object[] {newRevision, newBatch, 1}));
    }

    /** Has whatever is under way and supposes this head write nothing; the number of a batch is left out for it. */
    static void overtake(Connection connection) throws SQLException {
        Sql.update(connection, "UPDATE head SET batch = batch + 1 WHERE id = 1");
    }

    /** Notes which pod moves the head to that batch. */
    void noteCommitter(Writes writes, long newBatch, String pod) {
        writes.upsert(
                "committers",
                List.of("batch", "seen_at"),
                List.of("pod"),
                List.<@Nullable Object[]>of(new @Nullable Object[] {newBatch, now, pod}));
    }

    /** Writes what is there already, to find out whether the database takes writes. */
    void touch(Connection connection) throws SQLException {
        Sql.update(connection, "UPDATE head SET batch = batch WHERE id = 1");
    }

    /** The last batch that the pod has committed; 0 if there was none. */
    static long lastBatchOf(Connection connection, String pod) throws SQLException {
        return Sql.query(connection, "SELECT batch FROM committers WHERE pod = ?", row -> row.getLong("batch"), pod)
                .stream()
                .findFirst()
                .orElse(0L);
    }

    /** Forgets pods that have committed nothing since that time. One that comes back is noted anew. */
    static void forgetCommitters(Connection connection, Instant before) throws SQLException {
        Sql.update(connection, "DELETE FROM committers WHERE seen_at < ?", before);
    }

    Version version() {
        return new Version(epoch, revision);
    }
}
