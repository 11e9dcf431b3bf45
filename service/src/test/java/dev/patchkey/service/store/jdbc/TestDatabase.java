package dev.patchkey.service.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.StoreMetrics;
import dev.patchkey.service.store.hazelcast.TestCluster;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/** A real database, set up as the service does it. */
final class TestDatabase implements AutoCloseable {

    /** Which database. */
    enum Kind {
        /** A file, as the service has it by default. */
        H2,
        /** A database of its own in the server that the tests share. */
        POSTGRESQL
    }

    private static final AtomicInteger DATABASES = new AtomicInteger();

    /** The databases that tests have named by a directory, so that one can be opened again. */
    private static final Map<Path, String> NAMES = new ConcurrentHashMap<>();

    private final HikariDataSource dataSource;

    private TestDatabase(HikariDataSource dataSource) {
        this.dataSource = dataSource;
        try {
            FluentConfiguration flyway = Flyway.configure().dataSource(dataSource);
            Schema.configure(flyway);
            flyway.load().migrate();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The database that belongs to the directory: opened again, it is the same one. */
    static TestDatabase of(Kind kind, Path directory) {
        return at(url(kind, directory));
    }

    static String url(Kind kind, Path directory) {
        return switch (kind) {
            case H2 ->
                "jdbc:h2:file:" + directory.resolve("patchkey")
                        + ";WRITE_DELAY=0;PAGE_SIZE=4096;DB_CLOSE_ON_EXIT=FALSE;QUERY_CACHE_SIZE=64";
            case POSTGRESQL ->
                PostgreSqlServer.shared().url(NAMES.computeIfAbsent(directory, any -> {
                    String name = freshName();
                    PostgreSqlServer.shared().createDatabase(name);
                    return name;
                }));
        };
    }

    /** A name that no other database of this JVM has. */
    static String freshName() {
        return "test_" + DATABASES.incrementAndGet();
    }

    static TestDatabase at(String url) {
        return new TestDatabase(pool(url));
    }

    /** A pool that is set up as the service's is. */
    static HikariDataSource pool(String url) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url);
        pool.setUsername(PostgreSqlServer.USER);
        pool.setPassword("");
        pool.setConnectionTimeout(2000);
        if (PostgreSqlSession.isFor(pool)) {
            PostgreSqlSession.setUp(pool);
        }
        return pool;
    }

    HikariDataSource dataSource() {
        return dataSource;
    }

    Durability durability() {
        try {
            return Durability.of(dataSource);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key's count, as the database has it. */
    int count(String key) {
        KeyName name = new KeyName(key);
        try {
            return durability()
                    .read(
                            dataSource,
                            connection -> StateTables.read(connection, List.of(name))
                                    .getOrDefault(name, StateTables.Row.absent(name))
                                    .state()
                                    .count());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A store over this database, in a pod of its own or of a cluster. */
    JdbcReferenceCounts counts(TestCluster.Pod pod) {
        return counts(pod, dataSource);
    }

    JdbcReferenceCounts counts(CountsMap map, CommitterRoute route) {
        return counts(map, route, dataSource);
    }

    /** One that asks what it is told to how far the database has come, and not what it would ask of an H2. */
    JdbcReferenceCounts counts(TestCluster.Pod pod, ReadIndex index) {
        return counts(pod.countsMap(), pod.route(), index);
    }

    JdbcReferenceCounts counts(CountsMap map, CommitterRoute route, ReadIndex index) {
        return counts(map, route, dataSource, index);
    }

    static JdbcReferenceCounts counts(TestCluster.Pod pod, DataSource dataSource) {
        return counts(pod.countsMap(), pod.route(), dataSource);
    }

    static JdbcReferenceCounts counts(CountsMap map, CommitterRoute route, DataSource dataSource) {
        return counts(map, route, dataSource, ReadIndex.of(dataSource, durability(dataSource)));
    }

    private static JdbcReferenceCounts counts(
            CountsMap map, CommitterRoute route, DataSource dataSource, ReadIndex index) {
        try {
            JdbcReferenceCounts counts = new JdbcReferenceCounts(
                    dataSource,
                    durability(dataSource),
                    map,
                    route,
                    new Retention(1_000_000, null),
                    index,
                    new StoreMetrics(new SimpleMeterRegistry()));
            counts.start();
            return counts;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Durability durability(DataSource dataSource) {
        try {
            return Durability.of(dataSource);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    JdbcIncarnations incarnations() {
        return new JdbcIncarnations(dataSource, durability(dataSource));
    }

    @Override
    public void close() {
        dataSource.close();
    }
}
