package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Errors in what was made. */
final class PlantedRows {

    private PlantedRows() {}

    static boolean drop(Draft draft) {
        Row row = draft.any(draft.rows, any -> draft.acknowledging(any) != null);
        return row != null && draft.rows.remove(row);
    }

    static boolean twice(Draft draft) {
        Row row = draft.any(
                draft.rows,
                any -> any.action().equals("increment") || any.action().equals("decrement"));
        return row != null && append(draft, row.action(), row);
    }

    private static boolean append(Draft draft, String action, Row like) {
        int count = last(draft, like).count() + (action.equals("decrement") ? -1 : 1);
        return draft.rows.add(new Row(like.key(), draft.next(), action, like.holder(), like.reason(), count));
    }

    private static Row last(Draft draft, Row like) {
        List<Row> rows = draft.rowsOf(like.key());
        return rows.get(rows.size() - 1);
    }

    static boolean count(Draft draft) {
        Row row = draft.any(draft.rows, any -> true);
        if (row == null) {
            return false;
        }
        Draft.replace(
                draft.rows,
                row,
                new Row(row.key(), row.version(), row.action(), row.holder(), row.reason(), row.count() + 1));
        return true;
    }

    /** Of two changes, the earlier answered before the later was asked for, each gets the other's version. */
    static boolean swap(Draft draft) {
        Map<Row, Call> asked = new HashMap<>();
        for (Row row : draft.rows) {
            Call call = draft.acknowledging(row);
            if (call != null && !call.blind()) {
                asked.put(row, call);
            }
        }
        Row first = draft.any(draft.rows, asked::containsKey);
        if (first == null) {
            return false;
        }
        Call before = Objects.requireNonNull(asked.get(first));
        Row second = draft.any(draft.rows, any -> {
            Call after = asked.get(any);
            return after != null && any.key().equals(first.key()) && after.begin() > before.end();
        });
        if (second == null) {
            return false;
        }
        Call after = Objects.requireNonNull(asked.get(second));
        Draft.replace(draft.rows, first, with(first, second.version()));
        Draft.replace(draft.rows, second, with(second, first.version()));
        draft.answer(before, Draft.with(Draft.done(before), first.count(), true, second.version()));
        draft.answer(after, Draft.with(Draft.done(after), second.count(), true, first.version()));
        return true;
    }

    private static Row with(Row row, Version version) {
        return new Row(row.key(), version, row.action(), row.holder(), row.reason(), row.count());
    }

    static boolean versionTwice(Draft draft) {
        Row first = draft.any(draft.rows, any -> true);
        if (first == null) {
            return false;
        }
        Row second =
                draft.any(draft.rows, any -> !any.equals(first) && any.key().equals(first.key()));
        if (second == null) {
            return false;
        }
        Draft.replace(draft.rows, second, with(second, first.version()));
        return true;
    }

    static boolean ofNobody(Draft draft) {
        Row row = draft.any(draft.rows, any -> true);
        return row != null
                && draft.rows.add(new Row(
                        row.key(),
                        draft.next(),
                        "increment",
                        null,
                        "nobody",
                        last(draft, row).count() + 1));
    }

    /** A change that was asked for and could not be: more than all that was ever added. */
    static boolean belowZero(Draft draft) {
        Row row = draft.any(draft.rows, any -> true);
        if (row == null) {
            return false;
        }
        int by = 1 + 2 * draft.rows.size();
        Operation operation = new Operation.Decrement(row.key(), by);
        draft.calls.add(new Call("x", operation, 0, 1, false, new Answer.Unknown()));
        return draft.rows.add(new Row(
                row.key(),
                draft.next(),
                "decrement",
                null,
                "x",
                last(draft, row).count() - by));
    }

    static boolean acquiredByNobody(Draft draft) {
        Row row = draft.any(draft.rows, any -> true);
        return row != null
                && draft.rows.add(new Row(
                        row.key(),
                        draft.next(),
                        "acquire",
                        "nobody",
                        null,
                        last(draft, row).count() + 1));
    }

    /** A caller's hold that stands to the end is released, and its caller never asked for that. */
    static boolean releasedByNobody(Draft draft) {
        Row row = draft.any(
                draft.rows,
                any -> any.action().equals("acquire")
                        && !draft.nodes.contains(String.valueOf(any.holder()))
                        && draft.finales.stream()
                                .anyMatch(finale -> finale.key().equals(any.key())
                                        && finale.holders().contains(any.holder())));
        if (row == null) {
            return false;
        }
        draft.calls.removeIf(call -> call.operation() instanceof Operation.Release release
                && release.holder().equals(row.holder()));
        return draft.rows.add(new Row(
                row.key(),
                draft.next(),
                "release",
                row.holder(),
                null,
                last(draft, row).count() - 1));
    }

    static boolean acquiredTwice(Draft draft) {
        Row row = draft.any(
                draft.rows,
                any -> any.action().equals("acquire")
                        && draft.finales.stream()
                                .anyMatch(finale -> finale.key().equals(any.key())
                                        && finale.holders().contains(any.holder())));
        return row != null && append(draft, "acquire", row);
    }
}
