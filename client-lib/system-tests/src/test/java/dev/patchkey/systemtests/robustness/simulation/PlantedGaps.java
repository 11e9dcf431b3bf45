package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Errors that are so without any row: where the changes beside them were acknowledged too. */
final class PlantedGaps {

    private PlantedGaps() {}

    /** A change is lost after it was acknowledged, and the next one takes its number. */
    static boolean lost(Draft draft) {
        Row row = draft.any(draft.rows, any -> isAcknowledgedAndNext(draft, any));
        if (row == null) {
            return false;
        }
        shift(draft, row.version().revision(), -1, -change(draft, row));
        return true;
    }

    /** A change is made twice, and nobody had asked for another with its effect when the next one was acknowledged. */
    static boolean doubled(Draft draft) {
        Row row = draft.any(draft.rows, any -> {
            Row next = next(draft, any);
            Call after = next == null ? null : draft.acknowledging(next);
            return after != null
                    && draft.acknowledging(any) != null
                    && draft.calls.stream()
                            .filter(call -> call.blind() || call.answer() instanceof Answer.Unknown)
                            .filter(call -> call.begin() <= after.end())
                            .noneMatch(call -> effect(call.operation()) == change(draft, any));
        });
        if (row == null) {
            return false;
        }
        shift(draft, row.version().revision(), 1, change(draft, row));
        return true;
    }

    /** An acknowledged change's count is not what it makes of the acknowledged one before it. */
    static boolean count(Draft draft) {
        Row before = draft.any(draft.rows, any -> isAcknowledgedAndNext(draft, any));
        Row row = before == null ? null : next(draft, before);
        Call call = row == null ? null : draft.acknowledging(row);
        if (call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(call, Draft.with(done, done.count() + 1, true, done.version()));
        return true;
    }

    static boolean versionTwice(Draft draft) {
        Row row = draft.any(draft.rows, any -> isAcknowledgedAndNext(draft, any));
        Row next = row == null ? null : next(draft, row);
        Call call = next == null ? null : draft.acknowledging(next);
        if (row == null || call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(call, Draft.with(done, done.count(), true, row.version()));
        return true;
    }

    private static boolean isAcknowledgedAndNext(Draft draft, Row row) {
        Row next = next(draft, row);
        return draft.acknowledging(row) != null && next != null && draft.acknowledging(next) != null;
    }

    private static @Nullable Row next(Draft draft, Row row) {
        List<Row> rows = draft.rowsOf(row.key());
        int at = rows.indexOf(row) + 1;
        return at < rows.size() ? rows.get(at) : null;
    }

    private static int change(Draft draft, Row row) {
        List<Row> rows = draft.rowsOf(row.key());
        int at = rows.indexOf(row);
        return row.count() - (at == 0 ? 0 : rows.get(at - 1).count());
    }

    private static int effect(Operation operation) {
        if (operation instanceof Operation.Increment increment) {
            return increment.by();
        }
        if (operation instanceof Operation.Decrement decrement) {
            return -decrement.by();
        }
        return operation instanceof Operation.Acquire ? 1 : -1;
    }

    /** What was seen of all later changes, as it is if there is one more or less before them. */
    private static void shift(Draft draft, long after, int revisions, int count) {
        for (Call call : List.copyOf(draft.calls)) {
            if (call.answer() instanceof Answer.Done done && done.version().revision() > after) {
                Version version = plus(done.version(), revisions);
                draft.answer(call, Draft.with(done, done.count() + count, done.changed(), version));
            } else if (call.answer() instanceof Answer.Stale stale
                    && stale.version().revision() > after) {
                draft.answer(call, new Answer.Stale(stale.count() + count, plus(stale.version(), revisions)));
            }
        }
        draft.sightings.replaceAll(seen -> seen.version().revision() <= after
                ? seen
                : new Sighting(
                        seen.node(),
                        seen.run(),
                        seen.key(),
                        plus(seen.version(), revisions),
                        seen.count() + count,
                        seen.stale(),
                        seen.live(),
                        seen.first(),
                        seen.last()));
        draft.finales.replaceAll(finale -> new Finale(
                finale.key(),
                shift(finale.byPod(), revisions, count),
                shift(finale.byNode(), revisions, count),
                finale.holders(),
                finale.held()));
    }

    private static Map<String, Seen> shift(Map<String, Seen> all, int revisions, int count) {
        Map<String, Seen> shifted = new HashMap<>();
        all.forEach((who, seen) ->
                shifted.put(who, new Seen(seen.count() + count, plus(seen.version(), revisions), seen.fresh())));
        return shifted;
    }

    private static Version plus(Version version, int revisions) {
        return new Version(version.epoch(), version.revision() + revisions);
    }
}
