package dev.patchkey.service.security;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Says which setting of those who may come in cannot be read, and never what it was set to: a token that stands in the
 * wrong field is still a secret. Comes before Boot's own analyzers, which show values, and after that of the settings
 * whose rule is known.
 */
@Order(Ordered.HIGHEST_PRECEDENCE + 2)
final class HiddenValueAnalyzer implements FailureAnalyzer {

    private static final ConfigurationPropertyName OURS = ConfigurationPropertyName.of(SecurityProperties.PREFIX);

    /** A bound against a cycle of causes. */
    private static final int DEEPEST = 32;

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        FailureAnalysis found = null;
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
            // The innermost says it best.
            if (cause instanceof UnboundConfigurationPropertiesException unbound) {
                String names = names(unbound.getUnboundProperties().stream().map(ConfigurationProperty::getName));
                found = names.isEmpty() ? found : unknown(names, cause);
            } else if (cause instanceof BindException bind) {
                ConfigurationProperty property = bind.getProperty();
                String name = names(Stream.of(property == null ? bind.getName() : property.getName()));
                found = name.isEmpty() ? found : ofAnotherKind(name, cause);
            }
            cause = cause.getCause();
        }
        return found;
    }

    private static String names(Stream<ConfigurationPropertyName> names) {
        return names.filter(name -> OURS.equals(name) || OURS.isAncestorOf(name))
                .map(ConfigurationPropertyName::toString)
                .collect(Collectors.joining(", "));
    }

    private static FailureAnalysis unknown(String names, Throwable cause) {
        return analysis(
                names + " must be a setting of the service, and in a list the numbers must go from 0 on without a gap.",
                cause);
    }

    private static FailureAnalysis ofAnotherKind(String name, Throwable cause) {
        return analysis(name + " must be of the kind that the setting takes.", cause);
    }

    private static FailureAnalysis analysis(String rule, Throwable cause) {
        return new FailureAnalysis(
                rule + " What it was set to is not shown, since it may be a secret.",
                "Correct the setting: docs/reference/configuration.md lists each under Security.",
                cause);
    }
}
