package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.List;
import java.util.function.BiPredicate;

/** Errors in what callers were answered. */
final class PlantedAnswers {

    private PlantedAnswers() {}

    static boolean count(Draft draft) {
        Call call = draft.any(draft.calls, Draft::isDone);
        if (call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(call, Draft.with(done, done.count() + 1, done.changed(), done.version()));
        return true;
    }

    static boolean version(Draft draft) {
        Call call = draft.any(draft.calls, Draft::isDone);
        if (call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(call, Draft.with(done, done.count(), done.changed(), draft.next()));
        return true;
    }

    static boolean noOp(Draft draft) {
        Call call = draft.any(draft.calls, any -> Draft.isChange(any) && !any.blind());
        if (call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(call, Draft.with(done, done.count(), false, done.version()));
        return true;
    }

    static boolean refused(Draft draft) {
        return instead(draft, new Answer.Refused());
    }

    static boolean notDone(Draft draft) {
        return instead(draft, new Answer.NotDone());
    }

    private static boolean instead(Draft draft, Answer answer) {
        Call call = draft.any(draft.calls, Draft::isChange);
        if (call == null) {
            return false;
        }
        draft.answer(call, answer);
        return true;
    }

    /** One reference is refused at a moment at which, wherever the key may have been, there was one. */
    static boolean wronglyRefused(Draft draft) {
        Call moment = draft.any(draft.calls, Draft::isDone);
        if (moment == null || !hadReferences(draft, moment.operation().key(), moment.end())) {
            return false;
        }
        Operation operation = new Operation.Decrement(moment.operation().key(), 1);
        return draft.calls.add(new Call("x", operation, moment.end(), moment.end(), false, new Answer.Refused()));
    }

    private static boolean hadReferences(Draft draft, String key, long moment) {
        List<Row> rows = draft.rowsOf(key);
        int least = 0;
        int most = rows.size();
        for (int i = 0; i < rows.size(); i++) {
            Call call = draft.acknowledging(rows.get(i));
            least = call != null && call.end() < moment ? i + 1 : least;
            most = call != null && call.begin() > moment ? Math.min(most, i) : most;
        }
        int bare = 0;
        boolean had = least > 0;
        for (int i = 0; i < most; i++) {
            int change = rows.get(i).count() - (i == 0 ? 0 : rows.get(i - 1).count());
            bare += rows.get(i).holder() == null ? change : 0;
            had &= i + 1 < least || bare > 0;
        }
        return had;
    }

    /** Before a change that was answered when the read was not yet asked for. */
    static boolean past(Draft draft, boolean strong) {
        return read(draft, strong, (change, read) -> change.end() < read.begin(), true);
    }

    /** After a change that was asked for when the read was answered. */
    static boolean future(Draft draft, boolean strong) {
        return read(draft, strong, (change, read) -> change.begin() > read.end(), false);
    }

    private static boolean read(Draft draft, boolean strong, BiPredicate<Call, Call> order, boolean before) {
        Call read = draft.any(
                draft.calls,
                any -> Draft.isDone(any)
                        && any.operation() instanceof Operation.Read operation
                        && operation.strong() == strong);
        if (read == null) {
            return false;
        }
        List<Row> rows = draft.rowsOf(read.operation().key());
        Row row = draft.any(rows, any -> {
            Call change = draft.acknowledging(any);
            return change != null && order.test(change, read);
        });
        if (row == null) {
            return false;
        }
        int position = rows.indexOf(row) + (before ? 0 : 1);
        int count = position == 0 ? 0 : rows.get(position - 1).count();
        Version version = position == 0 ? Version.NONE : rows.get(position - 1).version();
        draft.answer(read, Draft.with(Draft.done(read), count, false, version));
        return true;
    }

    static boolean stale(Draft draft) {
        Call call = draft.any(draft.calls, any -> any.answer() instanceof Answer.Stale);
        if (call == null || !(call.answer() instanceof Answer.Stale stale)) {
            return false;
        }
        draft.answer(call, new Answer.Stale(stale.count() + 1, stale.version()));
        return true;
    }

    /** A hold that nobody has acquired is said to stand. */
    static boolean hold(Draft draft) {
        Call call = draft.any(
                draft.calls,
                any -> Draft.isDone(any) && any.operation() instanceof Operation.Read read && read.strong());
        if (call == null) {
            return false;
        }
        Operation operation = new Operation.Acquire(call.operation().key(), "x");
        return draft.calls.add(new Call("x", operation, call.begin(), call.end(), false, call.answer()));
    }
}
