package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.store.Remembered;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * What old rows are kept, so that the database stays within bounds.
 *
 * @param historyChanges how many changes, the newest ones, the history keeps
 */
record Retention(long historyChanges) {

    /** The most purges of one table in one go: with their sizes, faster than rows can be written. */
    private static final int MOST_PURGES = 10;

    /** Deletes a bounded number of old rows. */
    void purge(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            Head head = Head.read(connection);
            for (int i = 0; i < MOST_PURGES; i++) {
                if (RequestTable.purge(connection, head.now().minus(Remembered.KEPT)) < RequestTable.LARGEST_PURGE) {
                    break;
                }
            }
            for (int i = 0; i < MOST_PURGES; i++) {
                if (ChangeTable.purge(connection, head.revision() - historyChanges) < ChangeTable.LARGEST_PURGE) {
                    break;
                }
            }
        }
    }
}
