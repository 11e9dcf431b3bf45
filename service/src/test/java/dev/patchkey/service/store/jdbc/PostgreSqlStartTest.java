package dev.patchkey.service.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.PatchkeyService;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** A start on PostgreSQL: it works from an empty database, and one that fails says in a sentence why, and what to do. */
@ExtendWith(OutputCaptureExtension.class)
class PostgreSqlStartTest {
    private static final int FIRST_PORT = 25_891;

    private final PostgreSqlServer server = PostgreSqlServer.shared();
    private final String name = TestDatabase.freshName();

    @BeforeEach
    void createDatabase() {
        server.createDatabase(name);
    }

    private static ConfigurableApplicationContext run(String url, String... settings) {
        List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.datasource.url=" + url));
        if (Stream.of(settings).noneMatch(setting -> setting.startsWith("spring.datasource.username="))) {
            arguments.add("--spring.datasource.username=" + PostgreSqlServer.USER);
        }
        for (String setting : settings) {
            arguments.add("--" + setting);
        }
        return SpringApplication.run(PatchkeyService.class, arguments.toArray(String[]::new));
    }

    private static String analysis(CapturedOutput output, String url, String... settings) {
        assertThatThrownBy(() -> run(url, settings)).isNotNull();
        String analysis =
                output.getAll().substring(Math.max(0, output.getAll().lastIndexOf("APPLICATION FAILED TO START")));
        assertThat(analysis).contains("Description:", "Action:").doesNotContain("\tat ");
        return analysis;
    }

    @Test
    void anEmptyDatabaseIsMigratedAndASecondStartFindsIt() throws Exception {
        for (int i = 0; i < 2; i++) {
            try (ConfigurableApplicationContext context = run(server.url(name));
                    Connection connection =
                            context.getBean(HikariDataSource.class).getConnection()) {
                assertThat(Sql.query(
                                connection,
                                "SELECT current_setting('synchronous_commit') || ' ' || current_setting('lock_timeout')"
                                        + " || ' ' || current_setting('idle_in_transaction_session_timeout') || ' '"
                                        + " || current_setting('statement_timeout')",
                                row -> row.getString(1)))
                        .containsExactly("on 3s 4s 10s");
            }
        }
    }

    @Test
    void refusesASchemaOfANewerVersion(CapturedOutput output) {
        try (ConfigurableApplicationContext context = run(server.url(name))) {
            assertThat(context.isRunning()).isTrue();
        }
        server.execute(
                name,
                "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,"
                        + " execution_time, success) VALUES (99, '99', 'later', 'SQL', 'V99__later.sql', 'x', 1, true)");
        assertThat(analysis(output, server.url(name)))
                .contains("has a schema that this version of the service does not know")
                .contains("start that version or a later one");
    }

    @Test
    void bringsASchemaOfAnOlderVersionUpToDate() throws Exception {
        try (HikariDataSource pool = TestDatabase.pool(server.url(name))) {
            FluentConfiguration older = Flyway.configure().dataSource(pool);
            Schema.configure(older);
            older.target("1").load().migrate();
        }
        String applied = "SELECT string_agg(version, ' ' ORDER BY installed_rank) FROM flyway_schema_history";
        assertThat(server.query(name, applied)).isEqualTo("1");
        try (ConfigurableApplicationContext context = run(server.url(name))) {
            assertThat(context.isRunning()).isTrue();
        }
        assertThat(server.query(name, applied)).isEqualTo("1 1.1 2 2.1 3 4 5");
    }

    private static String[] inCluster(String cluster, int pod, String store) {
        return new String[] {
            "patchkey.store=" + store,
            "patchkey.cluster.name=" + cluster,
            "patchkey.cluster.discovery=static",
            "patchkey.cluster.members=127.0.0.1:" + FIRST_PORT + ",127.0.0.1:" + (FIRST_PORT + 1),
            "patchkey.cluster.port=" + (FIRST_PORT + pod),
            "patchkey.cluster.size=2"
        };
    }

    @Test
    void joinsPodsOverTheSameDatabaseAlone(CapturedOutput output) {
        String cluster = "joins-" + name;
        String other = server.createDatabase();
        String refusal =
                "patchkey.cluster.name must be shared by pods of one store and database alone, and is " + cluster
                        + ": the pod at 127.0.0.1:" + FIRST_PORT + " keeps its counts in jdbc:" + identity(name)
                        + " (patchkey.store, and the identity of the database), and this one in ";
        try (ConfigurableApplicationContext first = run(server.url(name), inCluster(cluster, 0, "jdbc"))) {
            assertThat(analysis(output, server.url(other), inCluster(cluster, 1, "jdbc")))
                    .contains(refusal + "jdbc:" + identity(other) + "; give this"
                            + " one the patchkey.store and spring.datasource.url of that one, or another"
                            + " patchkey.cluster.name");
            assertThat(analysis(output, server.url(name), inCluster(cluster, 1, "hazelcast")))
                    .contains(refusal + "hazelcast; give");
            assertThat(output).doesNotContain("with 2 of 2 pods");
            try (ConfigurableApplicationContext second = run(server.url(name), inCluster(cluster, 1, "jdbc"))) {
                assertThat(first.isRunning() && second.isRunning()).isTrue();
                assertThat(output).contains("with 2 of 2 pods");
            }
        }
    }

    /** The database's own; makes it where the service has not been there yet. */
    private String identity(String database) {
        try (TestDatabase migrated = TestDatabase.at(server.url(database));
                Connection connection = migrated.dataSource().getConnection()) {
            return Schema.identity(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void refusesASchemaWhoseMigrationHasFailed(CapturedOutput output) {
        try (TestDatabase database = TestDatabase.at(server.url(name))) {
            assertThat(database.count("k")).isZero();
        }
        server.execute(name, "UPDATE flyway_schema_history SET success = false WHERE version = '1.1'");
        assertThat(analysis(output, server.url(name)))
                .contains("has failed half-way", "Detected failed migration to version 1.1")
                .contains("Restore the database from before it");
    }

    @Test
    void refusesADatabaseOfSomethingElse(CapturedOutput output) {
        server.execute(name, "CREATE TABLE of_something_else (id int)");
        assertThat(analysis(output, server.url(name)))
                .contains("has tables in it that are not the service's")
                .contains("currentSchema");
    }

    @Test
    void saysThatTheServerIsNotThere(CapturedOutput output) throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        assertThat(analysis(output, PostgreSqlServer.url(free, name)))
                .contains("The database server cannot be reached")
                .contains("host and port in spring.datasource.url");
    }

    /** A server that takes the connection and never says a word: the start must not wait for it for ever. */
    @Test
    void saysThatTheServerDoesNotAnswer(CapturedOutput output) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            assertThat(analysis(output, PostgreSqlServer.url(silent.getLocalPort(), name)))
                    .contains("The database server cannot be reached");
        }
    }

    @Test
    void saysThatThereIsNoSuchDatabase(CapturedOutput output) {
        assertThat(analysis(output, server.url("nowhere")))
                .contains("There is no such database")
                .contains("which ends spring.datasource.url");
    }

    @Test
    void saysThatTheUserIsNotLetIn(CapturedOutput output) {
        assertThat(analysis(output, server.url(name), "spring.datasource.username=nobody"))
                .contains("The database server refuses to let the service in")
                .contains("spring.datasource.username");
    }

    @Test
    void saysWhichRightsTheUserLacks(CapturedOutput output) {
        server.execute(PostgreSqlServer.USER, "CREATE ROLE guest LOGIN");
        assertThat(analysis(output, server.url(name), "spring.datasource.username=guest"))
                .contains("The database user may not do what the service needs")
                .contains("own the database");
    }

    @Test
    void saysThatTheDatabaseIsReadOnly(CapturedOutput output) {
        server.execute(PostgreSqlServer.USER, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
        assertThat(analysis(output, server.url(name)))
                .contains("The database is read-only")
                .contains("targetServerType=primary");
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "local"})
    void refusesSessionsThatAcknowledgeBeforeTheyWrite(String value, CapturedOutput output) {
        assertThat(analysis(
                        output,
                        server.url(name),
                        "spring.datasource.hikari.connection-init-sql=SET synchronous_commit = " + value))
                .contains("synchronous_commit is on, and it is " + value);
    }

    @Test
    void aServerWhoseDefaultIsNotDurableGetsSessionsThatAre() throws Exception {
        server.execute(PostgreSqlServer.USER, "ALTER DATABASE " + name + " SET synchronous_commit = off");
        try (TestDatabase database = TestDatabase.at(server.url(name));
                Connection connection = database.dataSource().getConnection()) {
            Dialect.of(connection).beginWriting(connection);
            assertThat(Head.lock(connection).epoch()).isPositive();
        }
    }

    /** The check of each batch, without which a session that a pooler has swapped would go unnoticed. */
    @Test
    void aBatchInASessionThatIsNotDurableFails() throws Exception {
        try (TestDatabase database = TestDatabase.at(server.url(name));
                Connection connection = database.dataSource().getConnection()) {
            Sql.update(connection, "SET synchronous_commit = off");
            Dialect.of(connection).beginWriting(connection);
            assertThatThrownBy(() -> Head.lock(connection))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("synchronous_commit is on, and it is off");
        }
    }

    /** In PostgreSQL CURRENT_TIMESTAMP would be before the wait. */
    @Test
    void theTimeOfABatchIsOfAfterItsWaitForTheFence() throws Exception {
        try (TestDatabase database = TestDatabase.at(server.url(name));
                Connection first = database.dataSource().getConnection();
                Connection second = database.dataSource().getConnection()) {
            Dialect.of(first).beginWriting(first);
            Head.lock(first);
            Dialect.of(second).beginWriting(second);
            FutureTask<Head> later = new FutureTask<>(() -> Head.lock(second));
            Thread.ofVirtual().start(later);
            Thread.sleep(300); // until it waits
            Instant released = Sql.query(first, "SELECT clock_timestamp() AS at", row -> Sql.requireInstant(row, "at"))
                    .getFirst();
            // Nothing was written: the row that the other has waited for is the one that it had read.
            first.rollback();
            assertThat(later.get().now()).isAfterOrEqualTo(released);
        }
    }
}
