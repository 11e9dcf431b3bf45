package dev.patchkey.service.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.nio.file.Path;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/** A real H2 file, as the service has it by default. */
final class TestDatabase implements AutoCloseable {
    private final HikariDataSource dataSource = new HikariDataSource();

    private TestDatabase(Path directory) {
        dataSource.setJdbcUrl("jdbc:h2:file:" + directory.resolve("patchkey")
                + ";WRITE_DELAY=0;PAGE_SIZE=4096;DB_CLOSE_ON_EXIT=FALSE;QUERY_CACHE_SIZE=64");
        dataSource.setUsername("patchkey");
        dataSource.setPassword("");
        Flyway.configure().dataSource(dataSource).load().migrate();
    }

    static TestDatabase in(Path directory) {
        return new TestDatabase(directory);
    }

    DataSource dataSource() {
        return dataSource;
    }

    /** A store over this database, in a pod of its own or of a cluster. */
    JdbcReferenceCounts counts(TestCluster.Pod pod) {
        return counts(pod, dataSource);
    }

    JdbcReferenceCounts counts(CountsMap map, CommitterRoute route) {
        return counts(map, route, dataSource);
    }

    static JdbcReferenceCounts counts(TestCluster.Pod pod, DataSource dataSource) {
        return counts(pod.countsMap(), pod.route(), dataSource);
    }

    private static JdbcReferenceCounts counts(CountsMap map, CommitterRoute route, DataSource dataSource) {
        try {
            JdbcReferenceCounts counts = new JdbcReferenceCounts(
                    dataSource, Durability.of(dataSource), map, route, new Retention(1_000_000));
            counts.start();
            return counts;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    JdbcIncarnations incarnations() {
        try {
            return new JdbcIncarnations(dataSource, Durability.of(dataSource));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        dataSource.close();
    }
}
