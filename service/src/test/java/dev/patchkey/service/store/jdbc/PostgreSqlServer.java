package dev.patchkey.service.store.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** A real PostgreSQL on loopback, as durable as one is by default, which the library's own is not. */
public final class PostgreSqlServer implements AutoCloseable {
    /** Who may do everything. */
    public static final String USER = "postgres";

    private final EmbeddedPostgres server;

    /** To be deleted in the end; null where the library does so itself. */
    private final @Nullable Path copied;

    private PostgreSqlServer(EmbeddedPostgres server, @Nullable Path copied) {
        this.server = server;
        this.copied = copied;
    }

    /** The one that the tests of this JVM share, each with a database of its own; it ends with the JVM. */
    public static PostgreSqlServer shared() {
        return Shared.SERVER;
    }

    private static final class Shared {
        static final PostgreSqlServer SERVER = start();
    }

    /** One for a test that stops it, or changes its settings. */
    public static PostgreSqlServer start() {
        try {
            return new PostgreSqlServer(settings().start(), null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static EmbeddedPostgres.Builder settings() {
        return EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("max_connections", "60");
    }

    /**
     * A standby that follows this server, which takes it for none but an asynchronous one.
     *
     * @param port by which it reaches this server: its own, or a proxy's
     */
    public PostgreSqlServer startStandby(int port) {
        try {
            Path data = dataDirectory();
            Path copy = data.resolveSibling(data.getFileName() + "-standby-" + System.nanoTime());
            backUp(data, copy);
            Files.delete(copy.resolve("postmaster.pid"));
            Files.createFile(copy.resolve("standby.signal"));
            Files.writeString(
                    copy.resolve("postgresql.auto.conf"),
                    "primary_conninfo = 'host=127.0.0.1 port=" + port + " user=" + USER + "'\n"
                            + "wal_retrieve_retry_interval = 100ms\n",
                    StandardOpenOption.APPEND);
            return new PostgreSqlServer(
                    settings()
                            .setDataDirectory(copy)
                            .setCleanDataDirectory(false)
                            .start(),
                    copy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What pg_basebackup does, which the library's binaries lack. */
    private void backUp(Path data, Path copy) throws IOException {
        try (Connection connection = connect(USER);
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('standby', true)");
            // With the owner, who alone may start a server on it.
            int failed = new ProcessBuilder("cp", "-a", data.toString(), copy.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
            if (failed != 0) {
                throw new IOException("cp ended with " + failed);
            }
            ResultSet backup = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)");
            backup.next();
            Files.writeString(copy.resolve("backup_label"), backup.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** How this primary sees its only standby: {@code sync}, {@code async}, or {@code none} where there is none. */
    public String standbyState() {
        return query("SELECT coalesce(max(sync_state), 'none') FROM pg_stat_replication WHERE state = 'streaming'");
    }

    /** Makes a standby a primary; returns when it takes changes. */
    public void promote() {
        if (!query("SELECT pg_promote(true, 60)").equals("t")) {
            throw new IllegalStateException("The standby was not promoted within 60 s");
        }
    }

    /** As if the power of its machine went: all its processes end at once, and it is not started again. */
    public void kill() {
        try {
            long pid = Long.parseLong(Files.readAllLines(dataDirectory().resolve("postmaster.pid"))
                    .getFirst()
                    .trim());
            ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
            List<ProcessHandle> all = Stream.concat(Stream.of(postmaster), postmaster.descendants())
                    .toList();
            all.forEach(ProcessHandle::destroyForcibly);
            all.forEach(each -> each.onExit().join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path dataDirectory() {
        return Path.of(query("SELECT current_setting('data_directory')"));
    }

    /** The one value that the query finds, as PostgreSQL writes it; asked in the administrator's database. */
    private String query(String sql) {
        return query(USER, sql);
    }

    /** The one value that the query finds, as PostgreSQL writes it. */
    public String query(String database, String sql) {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            ResultSet row = statement.executeQuery(sql);
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** That it listens on. */
    public int port() {
        return server.getPort();
    }

    public String url(String database) {
        return url(port(), database);
    }

    /** By another way to the server, such as a proxy. */
    public static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** For those who want whichever of several servers is the primary. */
    public static String urlOfPrimary(String database, PostgreSqlServer... servers) {
        String hosts =
                Arrays.stream(servers).map(each -> "127.0.0.1:" + each.port()).collect(Collectors.joining(","));
        return "jdbc:postgresql://" + hosts + "/" + database + "?targetServerType=primary";
    }

    /** Creates a database that nobody else has, and says its name. */
    public String createDatabase() {
        String name = TestDatabase.freshName();
        createDatabase(name);
        return name;
    }

    /** Makes an empty one. */
    public void createDatabase(String name) {
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

    public Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), USER, "");
    }

    /** As the server's administrator, outside of any transaction. */
    public void execute(String database, String... statements) {
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
    public void set(String setting, String value) {
        execute(USER, "ALTER SYSTEM SET " + setting + " = '" + value + "'", "SELECT pg_reload_conf()");
    }

    /** The user of the operating system that the server runs as. */
    String owner() {
        try {
            return Files.getOwner(dataDirectory()).getName();
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
            if (copied != null) {
                FileSystemUtils.deleteRecursively(copied);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
