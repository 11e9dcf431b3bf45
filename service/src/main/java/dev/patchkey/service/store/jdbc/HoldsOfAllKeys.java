package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.ReferenceCounts.Held;
import dev.patchkey.service.store.ReferenceCounts.HoldCensus;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** The table of holds, read across keys. */
final class HoldsOfAllKeys {

    private HoldsOfAllKeys() {}

    static HoldCensus read(Connection connection, int limit) throws SQLException {
        List<Held> oldest = limit == 0
                ? List.of()
                : Sql.query(
                        connection,
                        "SELECT key_name, holder, incarnation, since, deadline FROM holds"
                                + " ORDER BY since, key_name, holder FETCH FIRST " + limit + " ROWS ONLY",
                        HoldsOfAllKeys::held);
        return Sql.query(
                        connection,
                        "SELECT COUNT(*) AS all_holds, COUNT(incarnation) AS of_nodes FROM holds",
                        row -> new HoldCensus(
                                row.getLong("all_holds") - row.getLong("of_nodes"), row.getLong("of_nodes"), oldest))
                .getFirst();
    }

    private static Held held(ResultSet row) throws SQLException {
        return new Held(
                new KeyName(row.getString("key_name")),
                new Holder(row.getString("holder")),
                Sql.getLong(row, "incarnation") != null,
                Sql.requireInstant(row, "since"),
                Sql.getInstant(row, "deadline"));
    }
}
