package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Each life of a node sees the versions of a key rise, and each of them with the count that it has in the order. */
final class NodesInOrder {

    private NodesInOrder() {}

    /** Whether the versions rise. */
    static List<Violation> check(String key, List<Sighting> sightings) {
        List<Violation> violations = new ArrayList<>();
        Map<String, Sighting> previous = new HashMap<>();
        sightings.stream()
                .filter(sighting -> sighting.key().equals(key))
                .sorted(Comparator.comparingLong(Sighting::first))
                .forEach(sighting -> {
                    Sighting before = previous.put(sighting.node() + "#" + sighting.run(), sighting);
                    if (before != null && sighting.version().compareTo(before.version()) < 0) {
                        violations.add(new Violation("N3", sighting + " after " + before));
                    }
                });
        return violations;
    }

    /** Whether what is seen is in the order. */
    static List<Violation> check(Timeline timeline, List<Sighting> sightings) {
        List<Violation> violations = new ArrayList<>();
        sightings.stream()
                .filter(sighting -> sighting.key().equals(timeline.key()))
                .forEach(sighting -> known(timeline, sighting, violations));
        return violations;
    }

    private static void known(Timeline timeline, Sighting sighting, List<Violation> violations) {
        int position = timeline.positionAsOf(sighting.version());
        if (timeline.state(position).count() != sighting.count()) {
            violations.add(new Violation("S4", "another count than the key had at that version: " + sighting));
        }
        if (position > 0 && timeline.changes().get(position - 1).earliest() > sighting.first()) {
            violations.add(new Violation("S1", "seen before it was asked for: " + sighting));
        }
    }
}
