package dev.patchkey.benchmarks.durable;

import dev.patchkey.benchmarks.ServerProcess;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** A PostgreSQL on loopback, as durable as one is by default, which the library's own is not. */
final class PostgreSqlServer implements AutoCloseable {
    static final String USER = "postgres";

    private final Path directory = ServerProcess.directory("postgresql");
    private final EmbeddedPostgres server;

    PostgreSqlServer() throws IOException {
        server = EmbeddedPostgres.builder()
                .setDataDirectory(directory.resolve("data"))
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("max_connections", "100")
                .start();
        try {
            requireDurable();
        } catch (SQLException | RuntimeException e) {
            close();
            throw new IOException(e);
        }
    }

    private void requireDurable() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url(USER), USER, "");
                Statement statement = connection.createStatement()) {
            for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                try (ResultSet row = statement.executeQuery("SHOW " + setting)) {
                    if (!row.next() || !row.getString(1).equals("on")) {
                        throw new IllegalStateException(setting + " is off: what this would measure is not durable");
                    }
                }
            }
        }
    }

    String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    void createDatabase(String name) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url(USER), USER, "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        ServerProcess.delete(directory);
    }
}
