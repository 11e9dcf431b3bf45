package dev.patchkey.service;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
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
            String rule = cause instanceof UnboundConfigurationPropertiesException unbound
                    ? unknown(unbound)
                    : isOurs(cause) ? cause.getMessage() : null;
            if (rule != null) {
                return new FailureAnalysis(
                        rule + ".",
                        "Correct the setting: docs/reference/configuration.md lists each with its range.",
                        cause);
            }
        }
        return null;
    }

    /** Null where the settings are of others, or of those who may come in, of which another says more. */
    private static @Nullable String unknown(UnboundConfigurationPropertiesException unbound) {
        String names = unbound.getUnboundProperties().stream()
                .map(property -> property.getName().toString())
                .filter(name -> name.startsWith("patchkey.") && !name.startsWith("patchkey.security."))
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? null : names + " must be a setting of the service, and is none";
    }

    private static boolean isOurs(Throwable cause) {
        String message = cause.getMessage();
        return (cause instanceof IllegalArgumentException || cause instanceof IllegalStateException)
                && message != null
                && OURS.stream().anyMatch(message::startsWith);
    }
}
