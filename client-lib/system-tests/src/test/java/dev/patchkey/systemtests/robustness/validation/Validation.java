package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.History;
import java.util.ArrayList;
import java.util.List;

/** All rules. */
public final class Validation {

    private Validation() {}

    /** What the history shows to be broken; empty if it keeps every promise that the rules know. */
    public static List<Violation> check(History history) {
        List<Violation> violations = asSeen(history);
        violations.addAll(asMade(history));
        return violations;
    }

    /**
     * The same, of a history over the store {@code hazelcast}, which keeps no rows: they are found out, and what they
     * cannot be is a violation. Nodes must acquire nothing in it, and holds must have no lease.
     */
    public static List<Violation> checkWithoutRows(History history) {
        Reconstruction made = Reconstruction.of(history);
        List<Violation> violations = asSeen(history);
        violations.addAll(made.violations());
        violations.addAll(asMade(made.history()));
        return violations;
    }

    /** What needs no order of changes, and no settled end. */
    public static List<Violation> asSeen(History history) {
        List<Violation> violations = new ArrayList<>();
        history.brokenPromises().forEach(seen -> violations.add(new Violation(seen.promise(), seen.what())));
        for (String key : history.keys()) {
            violations.addAll(NodesInOrder.check(key, history.sightings()));
            violations.addAll(AppliedIsTrue.check(key, history.calls(), history.sightings()));
        }
        return violations;
    }

    private static List<Violation> asMade(History history) {
        List<Violation> violations = new ArrayList<>();
        for (String key : history.keys()) {
            Timeline timeline = new Timeline(history, key);
            violations.addAll(timeline.violations());
            violations.addAll(ExactlyOnce.check(timeline));
            violations.addAll(Linearizable.check(timeline));
            violations.addAll(NodesInOrder.check(timeline, history.sightings()));
            violations.addAll(Leases.check(timeline, history.sightings()));
            for (Finale finale : history.finales()) {
                if (finale.key().equals(key)) {
                    violations.addAll(Converged.check(timeline, finale));
                }
            }
        }
        return violations;
    }
}
