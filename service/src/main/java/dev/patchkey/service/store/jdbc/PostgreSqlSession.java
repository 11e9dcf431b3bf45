package dev.patchkey.service.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What each session with PostgreSQL must be like, and the bounds on how long anybody waits in one.
 *
 * <p>The fence is a lock that a session holds. A committer whose pod, host or network has vanished must not hold it for
 * ever, and nobody may wait for it for ever:
 *
 * <pre>
 * lock_timeout                          who waits for the fence gives up, and its callers hear "unavailable"
 *   &lt; idle_in_transaction_session_timeout   the server ends the session of a committer that has fallen silent
 *   &lt;= network timeout                      a pod gives up on a server that has fallen silent
 *   &lt; the patience of a commit's fate       so a fate is nearly always found out
 *   statement_timeout                      ends on the server what nobody waits for any more
 * </pre>
 */
final class PostgreSqlSession {
    private static final Logger log = LoggerFactory.getLogger(PostgreSqlSession.class);

    /** A batch takes milliseconds: whoever holds the fence for longer is stuck. */
    private static final int LOCK_MILLIS = 3000;

    /** A committer decides between two statements, in memory: silent for longer, it is gone or paused. */
    private static final int IDLE_IN_TRANSACTION_MILLIS = 4000;

    /** How long a pod waits for the next byte of an answer; above {@link #LOCK_MILLIS}, so that the server speaks first. */
    static final int NETWORK_MILLIS = 5000;

    /** Above {@link #NETWORK_MILLIS}: it is for statements that nobody waits for. */
    private static final int STATEMENT_MILLIS = 10_000;

    private static final int CONNECT_SECONDS = 2;

    /** With TLS and the password's check, which a server that has fallen silent would never end. */
    private static final int LOGIN_SECONDS = 3;

    private static final int VALIDATION_MILLIS = 1500;

    /** Values of {@code synchronous_commit} with which a commit that has returned may yet be lost. */
    private static final Set<String> NOT_DURABLE = Set.of("off", "local");

    /** True in SQL where the session's {@code synchronous_commit} is none of these. */
    static final String IS_DURABLE = NOT_DURABLE.stream()
            .sorted()
            .map(value -> "'" + value + "'")
            .collect(Collectors.joining(", ", "current_setting('synchronous_commit') NOT IN (", ")"));

    /**
     * Raises what does not outlive a crash or a failover and leaves a stricter {@code synchronous_commit} alone. Settings
     * of the server, the database and the role are overridden; those that the URL gives in {@code options} too.
     */
    private static final String SET_UP = "SELECT set_config('synchronous_commit', CASE WHEN NOT "
            + IS_DURABLE + " THEN 'on' ELSE"
            + " current_setting('synchronous_commit') END, false), set_config('lock_timeout', '" + LOCK_MILLIS
            + "', false), set_config('idle_in_transaction_session_timeout', '" + IDLE_IN_TRANSACTION_MILLIS
            + "', false), set_config('statement_timeout', '" + STATEMENT_MILLIS + "', false)";

    private PostgreSqlSession() {}

    static boolean isFor(HikariDataSource pool) {
        String url = pool.getJdbcUrl();
        return url != null && url.toLowerCase(Locale.ROOT).startsWith("jdbc:postgresql:");
    }

    /** Has the pool set its sessions up; before its first connection. What an operator has set is left alone. */
    static void setUp(HikariDataSource pool) {
        String own = pool.getConnectionInitSql();
        pool.setConnectionInitSql(own == null ? SET_UP : SET_UP + "; " + own);
        if (pool.getTransactionIsolation() == null) {
            pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        }
        if (pool.getMinimumIdle() < 0) {
            // Nobody but a waiting caller asks for a connection, so the pool does not back off for longer than they
            // wait.
            pool.setMinimumIdle(0);
        }
        pool.setValidationTimeout(VALIDATION_MILLIS);
        setUnlessNamed(pool, "reWriteBatchedInserts", true);
        setUnlessNamed(pool, "tcpKeepAlive", true);
        setUnlessNamed(pool, "connectTimeout", CONNECT_SECONDS);
        setUnlessNamed(pool, "loginTimeout", LOGIN_SECONDS);
        setUnlessNamed(pool, "ApplicationName", "patchkey");
    }

    private static void setUnlessNamed(HikariDataSource pool, String property, Object value) {
        if (!pool.getJdbcUrl().contains(property + "=")) {
            pool.getDataSourceProperties().putIfAbsent(property, value.toString());
        }
    }

    /** @throws SQLException if a commit of such a session may be lost after it has returned */
    static void requireDurable(String synchronousCommit) throws SQLException {
        if (NOT_DURABLE.contains(synchronousCommit)) {
            throw new SQLException(notDurable(synchronousCommit));
        }
    }

    private static String notDurable(String synchronousCommit) {
        return "spring.datasource.url must give sessions whose synchronous_commit is on, and it is " + synchronousCommit
                + ": a change that was acknowledged may be lost";
    }

    /**
     * Looks at what makes a commit durable.
     *
     * @throws IllegalStateException if the sessions' own settings let acknowledged changes be lost
     */
    static void check(Connection connection) throws SQLException {
        String synchronousCommit = setting(connection, "synchronous_commit");
        if (NOT_DURABLE.contains(synchronousCommit)) {
            throw new IllegalStateException(notDurable(synchronousCommit));
        }
        // These are the server's: its administrator may know of a battery or a snapshot that replaces them.
        for (String setting : new String[] {"fsync", "full_page_writes"}) {
            if (setting(connection, setting).equals("off")) {
                log.error(
                        "{} is off in the database server: changes that were acknowledged may be lost, and the database"
                                + " with them, when its machine loses power",
                        setting);
            }
        }
    }

    private static String setting(Connection connection, String name) throws SQLException {
        return Sql.query(connection, "SELECT current_setting(?)", row -> row.getString(1), name)
                .getFirst();
    }
}
