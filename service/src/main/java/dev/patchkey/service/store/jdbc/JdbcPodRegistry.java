package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.StoreUnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;

/**
 * The pods in a table of the database, which pods of several clusters share.
 *
 * <p>A write of unknown fate that is committed late has the row locked until then, and its pod's next write waits for
 * that: rows are written in the order of their numbers.
 */
final class JdbcPodRegistry implements PodRegistry {

    /** What the columns of names for people hold. */
    private static final int LONGEST_NAME = 256;

    private final DataSource dataSource;
    private final Durability durability;

    JdbcPodRegistry(DataSource dataSource, Durability durability) {
        this.dataSource = dataSource;
        this.durability = durability;
    }

    @Override
    public boolean put(Row row) {
        return write(connection -> {
            boolean known = Sql.update(
                            connection,
                            "UPDATE pods SET phase = ?, renewals = ? WHERE pod = ?",
                            row.phase().name(),
                            row.renewals(),
                            row.id())
                    > 0;
            if (!known) {
                Sql.update(
                        connection,
                        "INSERT INTO pods (pod, pod_name, cluster_name, pod_lease_millis, node_lease_millis, phase,"
                                + " renewals) VALUES (?, ?, ?, ?, ?, ?, ?)",
                        row.id(),
                        shortened(row.name()),
                        shortened(row.cluster()),
                        row.podLease().toMillis(),
                        row.nodeLease().toMillis(),
                        row.phase().name(),
                        row.renewals());
            }
            return known;
        });
    }

    private static String shortened(String name) {
        return name.substring(0, Math.min(name.length(), LONGEST_NAME));
    }

    @Override
    public List<Row> all() {
        try {
            return durability.read(
                    dataSource,
                    connection -> Sql.query(
                            connection,
                            "SELECT pod, pod_name, cluster_name, pod_lease_millis, node_lease_millis, phase, renewals"
                                    + " FROM pods",
                            JdbcPodRegistry::row));
        } catch (SQLException e) {
            throw new StoreUnavailableException("The pods could not be read: " + e.getMessage(), e);
        }
    }

    private static Row row(ResultSet row) throws SQLException {
        return new Row(
                row.getString("pod"),
                row.getString("pod_name"),
                row.getString("cluster_name"),
                Duration.ofMillis(row.getLong("pod_lease_millis")),
                Duration.ofMillis(row.getLong("node_lease_millis")),
                Phase.of(row.getString("phase")),
                row.getLong("renewals"));
    }

    @Override
    public void forget(Row unchanged) {
        write(connection -> Sql.update(
                        connection,
                        "DELETE FROM pods WHERE pod = ? AND renewals = ?",
                        unchanged.id(),
                        unchanged.renewals())
                > 0);
    }

    @Override
    public boolean outlivesPods() {
        return true;
    }

    private boolean write(Durability.Reading<Boolean> writing) {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                boolean result = writing.from(connection);
                durability.commit(connection);
                return result;
            } catch (SQLException | RuntimeException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        } catch (SQLException e) {
            throw new StoreUnavailableException("The pod's row could not be written: " + e.getMessage(), e);
        }
    }
}
