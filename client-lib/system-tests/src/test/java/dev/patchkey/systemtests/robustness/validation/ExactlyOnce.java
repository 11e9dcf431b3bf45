package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Each acknowledged change was made once, as it was answered; each refused one never; one of unknown fate at most once. A
 * release that was retried blindly may have ended more than once what a late acquire revived between.
 */
final class ExactlyOnce {

    private ExactlyOnce() {}

    static List<Violation> check(Timeline timeline) {
        List<Violation> violations = new ArrayList<>();
        for (Call call : timeline.calls()) {
            int made = timeline.madeBy(call);
            String what = wrong(timeline, call, made);
            if (what != null) {
                String promise = call.answer() instanceof Answer.NotDone ? "S2" : "S1";
                violations.add(new Violation(promise, what + ": " + call + ", made " + made + " times"));
            }
        }
        return violations;
    }

    private static @Nullable String wrong(Timeline timeline, Call call, int made) {
        Answer.Done done = Timeline.done(call);
        boolean again = call.blind() && call.operation() instanceof Operation.Release;
        if (made > 1 && !again) {
            return "doubled";
        }
        if (done == null) {
            return made > 0 && !(call.answer() instanceof Answer.Unknown) ? "made, and said not to be" : null;
        }
        if (done.changed() != made > 0 && !(made > 0 && call.blind())) {
            return done.changed() ? "lost" : "made, and said to be a no-op";
        }
        Integer position = timeline.position(done.version());
        if (position == null) {
            return "answered with a version that the key never had";
        }
        if (timeline.state(position).count() != done.count()) {
            return "answered with another count than that of its version";
        }
        if (done.changed()
                && (position == 0
                        || !call.equals(timeline.changes().get(position - 1).call()))) {
            return "answered with the version of another change";
        }
        if (!done.changed()
                && !(call.operation() instanceof Operation.Read)
                && Timeline.changes(call.operation(), timeline.state(position))) {
            return "said to be a no-op, where it would have been a change";
        }
        return null;
    }
}
