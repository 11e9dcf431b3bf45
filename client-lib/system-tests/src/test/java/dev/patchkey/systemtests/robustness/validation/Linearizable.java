package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * The order of changes can be that of time: each call can have taken effect at a moment between its begin and its end.
 *
 * <p>The versions fix the order, and the version that a no-op or a strong read was answered with fixes between which
 * changes it lies. So it is enough to take everything as early as the order allows and see that nothing is late; that
 * decides linearizability exactly, without a search. A refusal names no version, so each is judged by itself: there must
 * be a moment in its time at which it was right.
 *
 * <p>A weak read is judged by what it promises: not older than what was acknowledged before it began, by any pod.
 */
final class Linearizable {

    private final Timeline timeline;
    private final List<Violation> violations = new ArrayList<>();

    /** The earliest moment at which the key can be at each position. */
    private final long[] earliest;

    /** The latest moment at which it can become so, and by when the position must be over. */
    private final long[] latest;

    /** The same, by the acknowledged changes alone: what a weak read may not fall behind. */
    private final long[] acknowledged;

    private final List<List<Call>> readsAt = new ArrayList<>();

    private Linearizable(Timeline timeline) {
        this.timeline = timeline;
        this.earliest = new long[timeline.changes().size() + 1];
        this.latest = new long[timeline.changes().size() + 2];
        this.acknowledged = new long[timeline.changes().size() + 2];
    }

    static List<Violation> check(Timeline timeline) {
        Linearizable check = new Linearizable(timeline);
        check.placeReads();
        check.forward();
        check.backward();
        timeline.calls().forEach(check::single);
        return check.violations;
    }

    private void placeReads() {
        for (int position = 0; position < earliest.length; position++) {
            readsAt.add(new ArrayList<>());
        }
        for (Call call : timeline.calls()) {
            Answer.Done done = Timeline.done(call);
            if (done != null && !done.changed() && !isWeak(call)) {
                Integer position = timeline.position(done.version());
                if (position != null) {
                    readsAt.get(position).add(call);
                }
            }
        }
    }

    private static boolean isWeak(Call call) {
        return call.operation() instanceof Operation.Read read && !read.strong();
    }

    private void forward() {
        long now = Long.MIN_VALUE;
        for (int position = 0; position < earliest.length; position++) {
            if (position > 0) {
                Timeline.Change change = timeline.changes().get(position - 1);
                now = Math.max(now, change.earliest());
                if (now > change.latest()) {
                    report(change.row() + " comes after something that began when its call had ended");
                }
            }
            earliest[position] = now;
            for (Call read : readsAt.get(position)) {
                if (Math.max(earliest[position], read.begin()) > read.end()) {
                    report("from the future: " + read);
                }
                now = Math.max(now, read.begin());
            }
        }
    }

    private void backward() {
        long now = Long.MAX_VALUE;
        long byChanges = Long.MAX_VALUE;
        for (int position = earliest.length - 1; position >= 0; position--) {
            latest[position + 1] = now;
            acknowledged[position + 1] = byChanges;
            for (Call read : readsAt.get(position)) {
                if (read.begin() > latest[position + 1]) {
                    report("older than what was acknowledged before it: " + read);
                }
                now = Math.min(now, read.end());
            }
            if (position > 0) {
                Timeline.Change change = timeline.changes().get(position - 1);
                now = Math.min(now, change.latest());
                byChanges = Math.min(byChanges, change.acknowledged());
            }
        }
        latest[0] = now;
    }

    /** What the order alone does not place. */
    private void single(Call call) {
        Answer.Done done = Timeline.done(call);
        if (done != null && isWeak(call)) {
            Integer position = timeline.position(done.version());
            if (position != null && call.begin() > acknowledged[position + 1]) {
                report("older than what was acknowledged before it: " + call);
            }
            if (position != null && earliest[position] > call.end()) {
                report("from the future: " + call);
            }
        } else if (call.answer() instanceof Answer.Stale stale) {
            Integer position = timeline.position(stale.version());
            if (position == null || timeline.state(position).count() != stale.count()) {
                report("a state that the key never had: " + call);
            }
        } else if (call.answer() instanceof Answer.Refused && !canBeRefused(call)) {
            violations.add(new Violation("S6", "refused, and at no time in it was that right: " + call));
        }
    }

    private boolean canBeRefused(Call call) {
        for (int position = 0; position < earliest.length; position++) {
            if (Timeline.refuses(call.operation(), timeline.state(position))
                    && earliest[position] <= call.end()
                    && call.begin() <= latest[position + 1]) {
                return true;
            }
        }
        return false;
    }

    private void report(String what) {
        violations.add(new Violation("S1", "not linearizable, " + what));
    }
}
