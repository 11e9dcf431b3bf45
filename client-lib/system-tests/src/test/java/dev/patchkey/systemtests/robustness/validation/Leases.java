package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A caller's hold ends by its lease alone, and not before that is over.
 *
 * <p>The service counts a lease from when it decides, which is after the call's begin: what is over earlier than
 * <em>begin + lease</em> of the renewal that counts is wrong. Which that is, the order says: the last one that was
 * answered with a version before the end, or any of unknown fate. When the hold ended, no row says; but it was before
 * the end of every call, and before every look of a node, that saw the end or something after it.
 *
 * <p>A node's hold lives on its session, of which a history knows nothing: of those {@link Converged} judges what is left.
 */
final class Leases {

    /** The store writes times down in microseconds, and callers see them by another clock of the same host. */
    private static final long CLOCK_NANOS = 1_000_000;

    private static final long NEVER = Long.MAX_VALUE;

    private final Timeline timeline;

    /** By when each position was surely reached. */
    private final long[] reached;

    private Leases(Timeline timeline, List<Sighting> sightings) {
        this.timeline = timeline;
        this.reached = new long[timeline.changes().size() + 1];
        Arrays.fill(reached, Long.MAX_VALUE);
        timeline.calls().forEach(this::witness);
        sightings.stream()
                .filter(sighting -> sighting.key().equals(timeline.key()))
                .forEach(sighting -> witness(timeline.positionAsOf(sighting.version()), sighting.first()));
        for (int position = reached.length - 1; position > 0; position--) {
            reached[position - 1] = Math.min(reached[position - 1], reached[position]);
        }
    }

    private void witness(Call call) {
        if (call.answer() instanceof Answer.Done done) {
            witness(timeline.positionAsOf(done.version()), call.end());
        } else if (call.answer() instanceof Answer.Stale stale) {
            witness(timeline.positionAsOf(stale.version()), call.end());
        }
    }

    private void witness(int position, long time) {
        reached[position] = Math.min(reached[position], time);
    }

    static List<Violation> check(Timeline timeline, List<Sighting> sightings) {
        Leases check = new Leases(timeline, sightings);
        List<Violation> violations = new ArrayList<>();
        for (int position = 1; position <= timeline.changes().size(); position++) {
            Timeline.Change change = timeline.changes().get(position - 1);
            String holder = String.valueOf(change.row().holder());
            if (change.row().action().equals("expire")
                    && !timeline.acquires(holder).isEmpty()) {
                long earliest = Grants.of(timeline, holder, position).earliestEnd();
                if (earliest == NEVER || check.reached[position] < earliest) {
                    violations.add(new Violation(
                            "S7",
                            (earliest == NEVER ? "a hold without lease ended: " : "a hold ended before its lease: ")
                                    + change.row()));
                }
            }
        }
        return violations;
    }

    /** Whether a caller's hold may have ended by its lease, once its caller has stopped. */
    static boolean mayHaveEnded(Timeline timeline, String holder) {
        return inTheEnd(timeline, holder).earliestEnd() != NEVER;
    }

    /** Whether it must have, in a finale. */
    static boolean hasEnded(Timeline timeline, String holder) {
        Grants grants = inTheEnd(timeline, holder);
        return grants.earliestEnd() != NEVER && grants.allEnd();
    }

    private static Grants inTheEnd(Timeline timeline, String holder) {
        return Grants.of(timeline, holder, timeline.changes().size() + 1);
    }

    /**
     * The calls of which one was the last to acquire or renew a hold before a position.
     *
     * @param decided the last that was surely decided, if any was
     * @param perhaps those that may have been decided after it
     */
    private record Grants(List<Call> decided, List<Call> perhaps) {

        static Grants of(Timeline timeline, String holder, int before) {
            int acquired = before - 1;
            while (acquired > 0 && !isAcquire(timeline.changes().get(acquired - 1), holder)) {
                acquired--;
            }
            List<Call> decided = new ArrayList<>();
            List<Call> perhaps = new ArrayList<>();
            for (Call call : timeline.acquires(holder)) {
                Answer.Done done = Timeline.done(call);
                Integer position = done == null ? null : timeline.position(done.version());
                boolean made = acquired > 0
                        && call.equals(timeline.changes().get(acquired - 1).call());
                if (made || (position != null && position >= acquired && position < before)) {
                    if (decided.isEmpty() || decided.get(0).begin() < call.begin()) {
                        decided = new ArrayList<>(List.of(call));
                    }
                }
                if (call.blind() || (call.answer() instanceof Answer.Unknown && timeline.madeBy(call) == 0)) {
                    perhaps.add(call);
                }
            }
            return new Grants(decided, perhaps);
        }

        private static boolean isAcquire(Timeline.Change change, String holder) {
            return change.row().action().equals("acquire")
                    && holder.equals(change.row().holder());
        }

        long earliestEnd() {
            long from = decided.isEmpty() ? Long.MIN_VALUE : decided.get(0).begin();
            long earliest = NEVER;
            for (Call call : decided) {
                earliest = Math.min(earliest, end(call, from));
            }
            for (Call call : perhaps) {
                earliest = Math.min(earliest, end(call, Math.max(from, call.begin())));
            }
            return earliest;
        }

        boolean allEnd() {
            return Stream.concat(decided.stream(), perhaps.stream()).allMatch(call -> end(call, 0) != NEVER);
        }

        private static long end(Call call, long from) {
            return call.operation() instanceof Operation.Acquire acquire && acquire.lease() != null
                    ? from + acquire.lease().toNanos() - CLOCK_NANOS
                    : NEVER;
        }
    }
}
