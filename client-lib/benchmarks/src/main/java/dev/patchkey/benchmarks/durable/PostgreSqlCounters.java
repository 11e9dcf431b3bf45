package dev.patchkey.benchmarks.durable;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** PostgreSQL alone: each increment is one UPDATE, in a transaction of its own, through a pool. */
final class PostgreSqlCounters implements Counters {

    private final HikariDataSource pool;

    /** @param connections of the pool, for all callers */
    PostgreSqlCounters(PostgreSqlServer server, String database, int connections) throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(server.url(database));
        config.setUsername(PostgreSqlServer.USER);
        config.setMaximumPoolSize(connections);
        pool = new HikariDataSource(config);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            // With room on each page, so that an update needs no new entry of the index.
            statement.execute("CREATE TABLE counters (key_name varchar(128) COLLATE \"C\" PRIMARY KEY,"
                    + " count integer NOT NULL) WITH (fillfactor = 50)");
        }
    }

    @Override
    public void prepare(List<String> keys) throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO counters SELECT unnest(?::varchar[]), 0 ON CONFLICT DO NOTHING")) {
            insert.setArray(1, connection.createArrayOf("varchar", keys.toArray()));
            insert.execute();
        }
    }

    @Override
    public Caller caller() {
        return new Caller() {
            @Override
            public int increment(String key) throws SQLException {
                try (Connection connection = pool.getConnection();
                        PreparedStatement update = connection.prepareStatement(
                                "UPDATE counters SET count = count + 1 WHERE key_name = ? RETURNING count")) {
                    update.setString(1, key);
                    only(update);
                    return 1;
                }
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public long sum(List<String> keys) throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement select =
                        connection.prepareStatement("SELECT sum(count) FROM counters WHERE key_name = ANY (?)")) {
            select.setArray(1, connection.createArrayOf("varchar", keys.toArray()));
            return only(select);
        }
    }

    private static long only(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            if (!row.next()) {
                throw new SQLException("there is no such counter");
            }
            return row.getLong(1);
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
