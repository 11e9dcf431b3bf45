package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.store.Remembered;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What old rows are kept, so that the database stays within bounds.
 *
 * @param historyChanges how many changes, the newest ones, the history keeps
 * @param historyKeep for how long it keeps a change at most, or null for as long as {@code historyChanges} lets it
 */
record Retention(long historyChanges, @Nullable Duration historyKeep) {

    /** The most purges of one table in one go: with their sizes, faster than rows can be written. */
    private static final int MOST_PURGES = 10;

    /** How long a pod that commits nothing is remembered; its fate was settled long before. */
    private static final Duration COMMITTERS_KEPT = Duration.ofDays(1);

    /** One purge of one table; says whether there may be more. */
    private interface Purge {
        boolean run(Connection connection) throws SQLException;
    }

    /** Deletes a bounded number of old rows, a few at a time, so that no transaction is long. */
    void purge(DataSource dataSource, Durability durability) throws SQLException {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                Head head = Head.read(connection);
                Head.forgetCommitters(connection, head.now().minus(COMMITTERS_KEPT));
                repeat(connection, each -> RequestTable.purge(each, head.now().minus(Remembered.KEPT)));
                repeat(connection, each -> ChangeTable.purge(each, head.revision() - historyChanges));
                if (historyKeep != null) {
                    repeat(
                            connection,
                            each -> ChangeTable.purge(each, head.now().minus(historyKeep), head.revision()));
                }
            } finally {
                Sql.rollbackQuietly(connection);
            }
        }
    }

    private static void repeat(Connection connection, Purge purge) throws SQLException {
        boolean more = true;
        for (int i = 0; more && i < MOST_PURGES; i++) {
            more = purge.run(connection);
            connection.commit();
        }
    }
}
