package dev.patchkey.service.store.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** A real PostgreSQL on loopback, as durable as one is by default, which the library's own is not. */
final class PostgreSqlServer implements AutoCloseable {
    static final String USER = "postgres";

    private final EmbeddedPostgres server;

    private PostgreSqlServer(EmbeddedPostgres server) {
        this.server = server;
    }

    /** The one that the tests of this JVM share, each with a database of its own; it ends with the JVM. */
    static PostgreSqlServer shared() {
        return Shared.SERVER;
    }

    private static final class Shared {
        static final PostgreSqlServer SERVER = start();
    }

    /** One for a test that stops it, or changes its settings. */
    static PostgreSqlServer start() {
        try {
            return new PostgreSqlServer(EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("full_page_writes", "on")
                    .setServerConfig("max_connections", "60")
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.getPort();
    }

    String url(String database) {
        return url(port(), database);
    }

    /** By another way to the server, such as a proxy. */
    static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    void createDatabase(String name) {
        execute(USER, "CREATE DATABASE " + name);
    }

    boolean hasDatabase(String name) {
        try (Connection connection = connect(USER);
                Statement statement = connection.createStatement()) {
            return statement
                    .executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + name + "'")
                    .next();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), USER, "");
    }

    /** As the server's administrator, outside of any transaction. */
    void execute(String database, String... statements) {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Changes a setting of the whole server, for sessions that are there too. */
    void set(String setting, String value) {
        execute(USER, "ALTER SYSTEM SET " + setting + " = '" + value + "'", "SELECT pg_reload_conf()");
    }

    /** The user of the operating system that the server runs as. */
    String owner() {
        try (Connection connection = connect(USER);
                Statement statement = connection.createStatement()) {
            var row = statement.executeQuery("SELECT current_setting('data_directory')");
            row.next();
            return Files.getOwner(Path.of(row.getString(1))).getName();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends all sessions with the database, as an administrator or a failing server does. */
    void terminateSessions(String database) {
        try (Connection connection = connect(USER)) {
            terminateSessionsBy(connection, database);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same where there may be no other connection left. */
    void terminateSessionsBy(Connection connection, String database) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database
                    + "' AND pid <> pg_backend_pid()");
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
