package dev.patchkey.service.store.jdbc;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says that another process has the H2 file open. */
@Order(Ordered.HIGHEST_PRECEDENCE)
class DatabaseInUseAnalyzer implements FailureAnalyzer {

    /** H2's code for a file that another process has locked. */
    private static final int DATABASE_ALREADY_OPEN = 90_020;

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getErrorCode() == DATABASE_ALREADY_OPEN) {
                return new FailureAnalysis(
                        "The database file of spring.datasource.url is in use by another process, and an H2 file"
                                + " belongs to one process at a time.",
                        "Stop the other pod, give this one another file by spring.datasource.url, or give both a"
                                + " database server.",
                        cause);
            }
        }
        return null;
    }
}
