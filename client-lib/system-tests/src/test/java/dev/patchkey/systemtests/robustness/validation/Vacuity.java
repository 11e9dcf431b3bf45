package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Sighting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a history can show anything: one in which nothing was done, asked or seen keeps every promise.
 *
 * <p>The bounds are far below what the worst storm leaves, so that no run that is one falls under them.
 */
public final class Vacuity {

    /** Eight callers are answered as often in a second of calm. */
    static final int LEAST_ACKNOWLEDGED = 50;

    /** The nodes together watch at least that part of the storm: one divided by it. */
    static final int LEAST_WATCHED = 10;

    private static final String VACUOUS = "VACUOUS";

    private final History history;
    private final long begin;
    private final long end;

    /**
     * Of a history in which the storm raged from then until then.
     *
     * @param begin by {@link System#nanoTime()}; by then all nodes were ready
     */
    public Vacuity(History history, long begin, long end) {
        this.history = history;
        this.begin = begin;
        this.end = end;
    }

    /**
     * What is missing.
     *
     * @param faults how many were injected
     */
    public List<Violation> check(int faults) {
        List<Violation> violations = new ArrayList<>();
        if (faults == 0) {
            violations.add(new Violation(VACUOUS, "no fault was injected"));
        }
        long acknowledged = history.calls().stream()
                .filter(call -> call.answer() instanceof Answer.Done)
                .count();
        if (acknowledged < LEAST_ACKNOWLEDGED) {
            violations.add(new Violation(VACUOUS, "only " + acknowledged + " operations were acknowledged"));
        }
        if (history.calls().stream().noneMatch(Vacuity::isApplied)) {
            violations.add(new Violation(VACUOUS, "no answer said that a change is applied everywhere"));
        }
        for (String node : history.nodes()) {
            if (watched(node).isZero()) {
                violations.add(new Violation(VACUOUS, node + " was never live in the storm"));
            }
        }
        if (watched().toNanos() < (end - begin) / LEAST_WATCHED) {
            violations.add(new Violation(
                    VACUOUS,
                    "the nodes were live for " + watched() + " together, in a storm of "
                            + Duration.ofNanos(end - begin)));
        }
        return violations;
    }

    private static boolean isApplied(Call call) {
        return call.answer() instanceof Answer.Done done && done.propagation().applied();
    }

    /** For how long all nodes together watched every key in the storm, and were live. */
    public Duration watched() {
        return history.nodes().stream().map(this::watched).reduce(Duration.ZERO, Duration::plus);
    }

    private Duration watched(String node) {
        return Duration.ofNanos(history.keys().stream()
                .mapToLong(key -> watched(node, key))
                .min()
                .orElse(0));
    }

    private long watched(String node, String key) {
        return history.sightings().stream()
                .filter(Sighting::live)
                .filter(sighting ->
                        sighting.node().equals(node) && sighting.key().equals(key))
                .mapToLong(sighting -> Math.max(0, Math.min(sighting.last(), end) - Math.max(sighting.first(), begin)))
                .sum();
    }
}
