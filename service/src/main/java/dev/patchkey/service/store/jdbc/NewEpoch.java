package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Version;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins a new epoch of a database that is an older copy of itself, such as a restored backup. It gives revisions a
 * second time, to other changes; with an epoch of their own nobody takes them for the first.
 */
final class NewEpoch {
    private static final Logger log = LoggerFactory.getLogger(NewEpoch.class);

    private NewEpoch() {}

    /** Begins one because an operator says that the database was restored. */
    static void begin(DataSource dataSource, Durability durability) throws SQLException {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                Head head = Head.lock(connection);
                Head next = head.beginEpoch(connection, head.version());
                durability.commit(connection);
                log.warn(
                        "A new epoch begins because patchkey.epoch.begin-new is set: {} after {}, at revision {}. Take"
                                + " the setting out again: each start with it begins another",
                        next.epoch(),
                        head.epoch(),
                        next.revision());
            } catch (SQLException | RuntimeException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        }
    }

    /** Begins one if the database lacks what this pod has seen of it; a no-op where another pod has begun it. */
    static void beginIfBehind(DataSource dataSource, Durability durability, Version seen) throws SQLException {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                beginIfBehind(connection, Head.lock(connection), seen);
                durability.commit(connection);
            } catch (SQLException | RuntimeException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        }
    }

    /**
     * The same in a transaction that has the fence, with which it is committed.
     *
     * @return the head as it then is
     */
    static Head beginIfBehind(Connection connection, Head head, Version seen) throws SQLException {
        if (!head.isBehind(seen)) {
            return head;
        }
        Head next = head.beginEpoch(connection, seen);
        log.error(
                "The database has lost committed changes, as one does that was restored from a backup: it is at epoch {},"
                        + " revision {}, and this pod has seen epoch {}, revision {}. Epoch {} begins, and all pods and"
                        + " nodes take what is left: docs/how-to/begin-a-new-epoch.md says what to look at",
                head.epoch(),
                head.revision(),
                seen.epoch(),
                seen.revision(),
                next.epoch());
        return next;
    }
}
