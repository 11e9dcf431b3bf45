package dev.patchkey.service;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says which setting is wrong, and its rule, where one of ours has refused it: its message begins with its name. */
@Order(Ordered.HIGHEST_PRECEDENCE + 1)
class InvalidSettingAnalyzer implements FailureAnalyzer {

    private static final List<String> OURS =
            List.of("patchkey.", "server.", "management.server.", "spring.datasource.", "spring.security.");

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (isOurs(cause)) {
                return new FailureAnalysis(
                        cause.getMessage() + ".",
                        "Correct the setting: docs/reference/configuration.md lists each with its range.",
                        cause);
            }
        }
        return null;
    }

    private static boolean isOurs(Throwable cause) {
        String message = cause.getMessage();
        return (cause instanceof IllegalArgumentException || cause instanceof IllegalStateException)
                && message != null
                && OURS.stream().anyMatch(message::startsWith);
    }
}
