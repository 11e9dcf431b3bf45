package dev.patchkey.service.store.jdbc;

import java.sql.SQLException;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says which setting of the database a start has failed for, from the code that a server database gives. */
@Order(Ordered.HIGHEST_PRECEDENCE)
class DatabaseStartAnalyzer implements FailureAnalyzer {

    private static final String HOW_TO = " docs/how-to/run-on-postgresql.md has each step.";

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        FailureAnalysis analysis = null;
        // The innermost one that is known says most; a pool wraps it in one of its own.
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            FailureAnalysis found = analyzeOne(cause);
            analysis = found == null ? analysis : found;
        }
        return analysis;
    }

    private static @Nullable FailureAnalysis analyzeOne(Throwable cause) {
        if (cause instanceof FlywayException) {
            return ofSchema(cause);
        }
        return cause instanceof SQLException sql && sql.getSQLState() != null ? byState(sql) : null;
    }

    private static @Nullable FailureAnalysis ofSchema(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (message.contains("but no schema history table")) {
            return new FailureAnalysis(
                    "The database of spring.datasource.url has tables in it that are not the service's: "
                            + Sql.firstLine(cause),
                    "Give the service a database, or a schema (?currentSchema=... on PostgreSQL), of its own.",
                    cause);
        }
        if (message.contains("Detected failed migration")) {
            return new FailureAnalysis(
                    "A migration of the database of spring.datasource.url has failed half-way, in an earlier start: "
                            + message.lines()
                                    .filter(line -> line.contains("Detected failed migration"))
                                    .findFirst()
                                    .orElse(""),
                    "Look for the reason in the log of that start and remove it. Restore the database from before it, and"
                            + " start once with patchkey.epoch.begin-new=true; if it had nothing in it, make it anew.",
                    cause);
        }
        return cause instanceof FlywayValidateException
                ? new FailureAnalysis(
                        "The database of spring.datasource.url has a schema that this version of the service does not"
                                + " know: " + Sql.firstLine(cause),
                        "If a newer version of the service has migrated it, start that version or a later one: a schema"
                                + " does not go back. To return to this version, restore a backup from before, and start"
                                + " once with patchkey.epoch.begin-new=true.",
                        cause)
                : null;
    }

    private static @Nullable FailureAnalysis byState(SQLException cause) {
        String state = cause.getSQLState();
        if (state.startsWith("28")) {
            return of(
                    cause,
                    "The database server refuses to let the service in",
                    "Correct spring.datasource.username and spring.datasource.password, or what the server's pg_hba.conf"
                            + " allows from here.");
        }
        if (state.startsWith("08")) {
            return of(
                    cause,
                    "The database server cannot be reached",
                    "Start the server, or correct host and port in spring.datasource.url, or what is between. The"
                            + " service does not wait for it: whatever starts the service is to try again.");
        }
        return switch (state) {
            case "3D000" ->
                of(
                        cause,
                        "There is no such database",
                        "Create it, or correct its name, which ends spring.datasource.url.");
            case "42501" ->
                of(
                        cause,
                        "The database user may not do what the service needs",
                        "Let the user of spring.datasource.username own the database, or grant it CREATE on the schema"
                                + " and all rights on the tables in it.");
            case "25006" ->
                of(
                        cause,
                        "The database is read-only",
                        "Have spring.datasource.url name the primary server, for several hosts with"
                                + " targetServerType=primary, or end its default_transaction_read_only.");
            case "53300" ->
                of(
                        cause,
                        "The database server has no connection left",
                        "Raise its max_connections, or lower spring.datasource.hikari.maximum-pool-size of each pod.");
            case "57P03" ->
                of(
                        cause,
                        "The database server is starting up or shutting down",
                        "Start the service again once the server takes connections.");
            default -> null;
        };
    }

    private static FailureAnalysis of(SQLException cause, String what, String remedy) {
        return new FailureAnalysis(what + ": " + Sql.firstLine(cause), remedy + HOW_TO, cause);
    }
}
