package dev.patchkey.service.metrics;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves Spring Boot's OpenTelemetry out where nobody has said where to send it: without an endpoint it would trace each
 * request for nobody, and send metrics to a collector on the same machine that may not be there.
 */
class TelemetryOnDemand implements AutoConfigurationImportFilter, EnvironmentAware {

    static final String TRACES = "management.opentelemetry.tracing.export.otlp.endpoint";
    static final String LOGS = "management.opentelemetry.logging.export.otlp.endpoint";
    static final String METRICS = "management.otlp.metrics.export.url";

    private boolean traces;
    private boolean logs;
    private boolean metrics;

    @Override
    public void setEnvironment(Environment environment) {
        traces = isSet(environment, TRACES);
        logs = isSet(environment, LOGS);
        metrics = isSet(environment, METRICS);
    }

    private static boolean isSet(Environment environment, String name) {
        return !environment.getProperty(name, "").isBlank();
    }

    @Override
    public boolean[] match(@Nullable String[] classes, AutoConfigurationMetadata metadata) {
        boolean[] matches = new boolean[classes.length];
        for (int i = 0; i < classes.length; i++) {
            String name = classes[i];
            matches[i] = name == null || isWanted(name);
        }
        return matches;
    }

    private boolean isWanted(String name) {
        if (name.startsWith("org.springframework.boot.micrometer.tracing.")) {
            return traces;
        }
        if (name.startsWith("org.springframework.boot.opentelemetry.")) {
            return traces || logs;
        }
        return metrics || !name.startsWith("org.springframework.boot.micrometer.metrics.autoconfigure.export.otlp.");
    }
}
