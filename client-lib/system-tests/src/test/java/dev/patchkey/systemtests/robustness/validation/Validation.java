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
        List<Violation> violations = new ArrayList<>();
        history.brokenPromises().forEach(what -> violations.add(new Violation("N1", what)));
        for (String key : history.keys()) {
            Timeline timeline = new Timeline(history, key);
            violations.addAll(timeline.violations());
            violations.addAll(ExactlyOnce.check(timeline));
            violations.addAll(Linearizable.check(timeline));
            violations.addAll(NodesInOrder.check(timeline, history.sightings()));
            violations.addAll(Leases.check(timeline, history.sightings()));
            violations.addAll(AppliedIsTrue.check(timeline, history.sightings()));
            for (Finale finale : history.finales()) {
                if (finale.key().equals(key)) {
                    violations.addAll(Converged.check(timeline, finale));
                }
            }
        }
        return violations;
    }
}
