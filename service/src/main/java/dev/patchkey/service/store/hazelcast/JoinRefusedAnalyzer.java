package dev.patchkey.service.store.hazelcast;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says what to do when the other pods have refused this one. */
@Order(Ordered.HIGHEST_PRECEDENCE)
class JoinRefusedAnalyzer implements FailureAnalyzer {

    /** How Hazelcast says that it did not come up; the reason is in its log alone, just above. */
    private static final String NOT_STARTED = "Node failed to start!";

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalStateException && NOT_STARTED.equals(cause.getMessage())) {
                return new FailureAnalysis(
                        "The pods of the cluster have refused this one, and the log says why, just above.",
                        "If this pod has another minor version of Hazelcast than they (\"is not compatible with cluster"
                                + " version\"), give it another patchkey.cluster.name over the same database:"
                                + " docs/how-to/upgrade-hazelcast.md. Otherwise give it the settings of the others.",
                        cause);
            }
        }
        return null;
    }
}
