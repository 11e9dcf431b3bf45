package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.ArrayList;
import java.util.List;

/** When an answer says that a version is applied everywhere, no live node that it claims to speak for sees less. */
final class AppliedIsTrue {

    private AppliedIsTrue() {}

    static List<Violation> check(String key, List<Call> calls, List<Sighting> sightings) {
        List<Sighting> ofKey = sightings.stream()
                .filter(sighting -> sighting.key().equals(key))
                .filter(Sighting::live)
                .toList();
        List<Violation> violations = new ArrayList<>();
        for (Call call : calls) {
            if (call.operation().key().equals(key)
                    && call.answer() instanceof Answer.Done done
                    && done.propagation().applied()) {
                ofKey.stream()
                        .filter(sighting -> sighting.version().compareTo(done.version()) < 0)
                        .filter(sighting -> sighting.last() > call.end())
                        .filter(sighting -> !done.propagation().expired().contains(sighting.node()))
                        .map(sighting -> new Violation("S5", "claimed by " + call + ", and yet " + sighting))
                        .forEach(violations::add);
            }
        }
        return violations;
    }
}
