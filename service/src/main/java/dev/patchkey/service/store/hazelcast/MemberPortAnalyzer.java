package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says that the member port is taken, where other pods look for this one at no other. */
@Order(Ordered.HIGHEST_PRECEDENCE)
class MemberPortAnalyzer implements FailureAnalyzer {

    /** How Hazelcast says it; it has no exception of its own for this. */
    private static final Pattern TAKEN = Pattern.compile("Port \\[(\\d+)] is already in use");

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof HazelcastException && cause.getMessage() != null) {
                Matcher taken = TAKEN.matcher(cause.getMessage());
                if (taken.find()) {
                    return new FailureAnalysis(
                            "Port " + taken.group(1) + " (patchkey.cluster.port) is taken, and the other pods look for"
                                    + " this one at no other.",
                            "Stop what listens there, or give this pod another port by patchkey.cluster.port and name"
                                    + " it in patchkey.cluster.members of all pods.",
                            cause);
                }
            }
        }
        return null;
    }
}
