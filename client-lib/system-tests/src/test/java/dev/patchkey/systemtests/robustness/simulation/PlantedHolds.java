package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Version;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Errors in the ends of holds, and in the end of all. */
final class PlantedHolds {

    /** Longer than any run. */
    private static final Duration LONG = Duration.ofHours(1);

    private PlantedHolds() {}

    static boolean behind(Draft draft) {
        Finale finale = draft.any(draft.finales, any -> !draft.rowsOf(any.key()).isEmpty());
        if (finale == null) {
            return false;
        }
        Map<String, Seen> byPod = new HashMap<>(finale.byPod());
        byPod.put("p0", new Seen(0, Version.NONE, true));
        Draft.replace(
                draft.finales,
                finale,
                new Finale(finale.key(), byPod, finale.byNode(), finale.holders(), finale.held()));
        return true;
    }

    /** A pod shows the last state, and calls it stale. */
    static boolean stale(Draft draft) {
        Finale finale = draft.any(draft.finales, any -> !draft.rowsOf(any.key()).isEmpty());
        if (finale == null) {
            return false;
        }
        Map<String, Seen> byPod = new HashMap<>(finale.byPod());
        byPod.computeIfPresent("p0", (pod, seen) -> new Seen(seen.count(), seen.version(), false));
        Draft.replace(
                draft.finales,
                finale,
                new Finale(finale.key(), byPod, finale.byNode(), finale.holders(), finale.held()));
        return true;
    }

    /** A hold without lease of the living ends at last, and everybody sees it. */
    static boolean ended(Draft draft) {
        Finale finale =
                draft.any(draft.finales, any -> any.held().stream().anyMatch(holder -> hasNoLease(draft, holder)));
        if (finale == null) {
            return false;
        }
        String holder = finale.held().stream()
                .filter(any -> hasNoLease(draft, any))
                .findAny()
                .orElseThrow();
        List<Row> rows = draft.rowsOf(finale.key());
        int count = rows.get(rows.size() - 1).count() - 1;
        Version version = draft.next();
        draft.rows.add(new Row(finale.key(), version, "expire", holder, null, count));
        Set<String> holders = new HashSet<>(finale.holders());
        holders.remove(holder);
        Map<String, Seen> seen = Map.of("all", new Seen(count, version, true));
        Draft.replace(draft.finales, finale, new Finale(finale.key(), seen, seen, holders, finale.held()));
        return true;
    }

    private static boolean hasNoLease(Draft draft, String holder) {
        return acquires(draft, holder).stream()
                .allMatch(call -> call.operation() instanceof Operation.Acquire acquire && acquire.lease() == null);
    }

    private static List<Call> acquires(Draft draft, String holder) {
        return draft.calls.stream()
                .filter(call -> call.operation() instanceof Operation.Acquire acquire
                        && acquire.holder().equals(holder))
                .toList();
    }

    /** A hold that ended is there in the end; it is a dead node's, or a caller's with a lease. */
    static boolean stands(Draft draft) {
        Row row = expired(
                draft,
                holder -> acquires(draft, holder).stream()
                        .allMatch(call ->
                                call.operation() instanceof Operation.Acquire acquire && acquire.lease() != null));
        if (row == null) {
            return false;
        }
        String holder = Objects.requireNonNull(row.holder());
        Finale finale = draft.finales.stream()
                .filter(any -> any.key().equals(row.key()))
                .findAny()
                .orElseThrow();
        Set<String> holders = new HashSet<>(finale.holders());
        if (!holders.add(holder)) {
            return false;
        }
        draft.rows.add(new Row(row.key(), draft.next(), "acquire", holder, null, 0));
        Draft.replace(
                draft.finales,
                finale,
                new Finale(finale.key(), finale.byPod(), finale.byNode(), holders, finale.held()));
        return true;
    }

    /** The end of a hold, which somebody has seen. */
    private static @Nullable Row expired(Draft draft, Predicate<String> which) {
        return draft.any(
                draft.rows,
                row -> row.action().equals("expire")
                        && row.holder() != null
                        && which.test(row.holder())
                        && draft.sightings.stream()
                                .anyMatch(sighting -> sighting.key().equals(row.key())
                                        && sighting.version().compareTo(row.version()) >= 0));
    }

    /** All that was ever asked for a hold was a lease that is not over. */
    static boolean early(Draft draft) {
        return withLease(draft, LONG);
    }

    static boolean withoutLease(Draft draft) {
        return withLease(draft, null);
    }

    private static boolean withLease(Draft draft, @Nullable Duration lease) {
        Row row = expired(draft, holder -> !acquires(draft, holder).isEmpty());
        if (row == null) {
            return false;
        }
        String holder = Objects.requireNonNull(row.holder());
        for (Call call : acquires(draft, holder)) {
            Operation operation = new Operation.Acquire(row.key(), holder, lease);
            Draft.replace(
                    draft.calls,
                    call,
                    new Call(call.id(), operation, call.begin(), call.end(), call.blind(), call.answer()));
        }
        return true;
    }

    /** A renewal for long was answered just before the hold ended. */
    static boolean renewed(Draft draft) {
        Row row = expired(
                draft,
                holder -> !acquires(draft, holder).isEmpty()
                        && acquires(draft, holder).stream().noneMatch(call -> call.answer() instanceof Answer.Unknown));
        if (row == null) {
            return false;
        }
        List<Row> rows = draft.rowsOf(row.key());
        Row before = rows.get(rows.indexOf(row) - 1);
        String holder = Objects.requireNonNull(row.holder());
        long end = acquires(draft, holder).stream().mapToLong(Call::end).max().orElseThrow();
        Answer answer = new Answer.Done(before.count(), false, before.version(), Answer.Propagation.NOT_ASKED);
        Operation operation = new Operation.Acquire(row.key(), holder, LONG);
        return draft.calls.add(new Call("x", operation, end, end, false, answer));
    }
}
