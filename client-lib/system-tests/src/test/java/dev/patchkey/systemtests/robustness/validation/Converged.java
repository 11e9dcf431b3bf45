package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** In the end everybody sees the last state and knows it, holds of the dead are gone, and those of the living stand. */
final class Converged {

    private Converged() {}

    static List<Violation> check(Timeline timeline, Finale finale) {
        List<Violation> violations = new ArrayList<>();
        int last = timeline.changes().size();
        int count = timeline.state(last).count();
        finale.byPod().forEach((pod, seen) -> compare(timeline, pod, seen, count, violations));
        finale.byNode().forEach((node, seen) -> compare(timeline, node, seen, count, violations));
        if (!finale.holders().equals(timeline.state(last).holders())) {
            violations.add(new Violation(
                    "S1",
                    "the holds of " + finale.key() + " are " + finale.holders() + ", and by the changes made "
                            + timeline.state(last).holders()));
        }
        Set<String> lost = new HashSet<>(finale.held());
        lost.removeAll(finale.holders());
        lost.removeIf(holder -> Leases.mayHaveEnded(timeline, holder));
        if (!lost.isEmpty()) {
            violations.add(new Violation("S7", "holds of the living on " + finale.key() + " ended: " + lost));
        }
        Set<String> left = new HashSet<>(finale.holders());
        left.removeAll(finale.held());
        left.removeIf(holder -> Leases.mayHaveEnded(timeline, holder));
        finale.holders().stream()
                .filter(holder -> Leases.hasEnded(timeline, holder))
                .forEach(left::add);
        if (!left.isEmpty()) {
            violations.add(new Violation("S7", "holds of the dead on " + finale.key() + " stand: " + left));
        }
        return violations;
    }

    private static void compare(Timeline timeline, String who, Seen seen, int count, List<Violation> violations) {
        if (!seen.fresh()) {
            violations.add(new Violation(
                    "S8", who + " shows " + timeline.key() + " and does not take it for the present: " + seen));
        }
        if (timeline.positionAsOf(seen.version()) != timeline.changes().size() || seen.count() != count) {
            violations.add(new Violation(
                    "S3",
                    who + " is left at " + seen + " of " + timeline.key() + ", whose last change is number "
                            + timeline.changes().size() + " with count " + count));
        }
    }
}
