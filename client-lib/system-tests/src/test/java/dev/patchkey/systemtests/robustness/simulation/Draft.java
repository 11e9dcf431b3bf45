package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A history in which an error is planted. */
final class Draft {

    final List<Call> calls;
    final List<Row> rows;
    final List<Sighting> sightings;
    final List<Finale> finales;
    final List<BrokenPromise> brokenPromises;
    final Set<String> nodes;
    private final Random random;

    Draft(History history, Random random) {
        this.calls = new ArrayList<>(history.calls());
        this.rows = new ArrayList<>(history.rows());
        this.sightings = new ArrayList<>(history.sightings());
        this.finales = new ArrayList<>(history.finales());
        this.brokenPromises = new ArrayList<>(history.brokenPromises());
        this.nodes = history.nodes();
        this.random = random;
    }

    History history() {
        return new History(calls, rows, sightings, finales, brokenPromises, nodes);
    }

    /** Any of those; null if there is none. */
    <T> @Nullable T any(List<T> all, Predicate<? super T> which) {
        List<T> found = all.stream().filter(which).toList();
        return found.isEmpty() ? null : found.get(random.nextInt(found.size()));
    }

    static <T> void replace(List<T> all, T old, T now) {
        all.set(all.indexOf(old), now);
    }

    void answer(Call call, Answer answer) {
        replace(calls, call, new Call(call.id(), call.operation(), call.begin(), call.end(), call.blind(), answer));
    }

    /** The rows of a key in the order of their versions. */
    List<Row> rowsOf(String key) {
        return rows.stream()
                .filter(row -> row.key().equals(key))
                .sorted(Comparator.comparing(Row::version))
                .toList();
    }

    /** The call whose change the answer says it is. */
    @Nullable Call acknowledging(Row row) {
        return calls.stream()
                .filter(call -> isChange(call) && done(call).version().equals(row.version()))
                .findAny()
                .orElse(null);
    }

    Version next() {
        return rows.stream()
                .map(Row::version)
                .max(Comparator.naturalOrder())
                .map(last -> new Version(last.epoch(), last.revision() + 1))
                .orElse(new Version(1, 1));
    }

    static boolean isDone(Call call) {
        return call.answer() instanceof Answer.Done;
    }

    /** Whether it was acknowledged as a change. */
    static boolean isChange(Call call) {
        return call.answer() instanceof Answer.Done done && done.changed();
    }

    static Answer.Done done(Call call) {
        return (Answer.Done) call.answer();
    }

    static Answer.Done with(Answer.Done done, int count, boolean changed, Version version) {
        return new Answer.Done(count, changed, version, done.propagation());
    }
}
