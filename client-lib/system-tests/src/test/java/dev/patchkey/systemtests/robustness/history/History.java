package dev.patchkey.systemtests.robustness.history;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One run.
 *
 * @param rows every change, in no order
 * @param brokenPromises what nodes saw of a promise broken under their own eyes
 * @param nodes the ids of the nodes, under which they acquire
 */
public record History(
        List<Call> calls,
        List<Row> rows,
        List<Sighting> sightings,
        List<Finale> finales,
        List<BrokenPromise> brokenPromises,
        Set<String> nodes) {

    /** The keys that anything happened to, in order. */
    public List<String> keys() {
        return Stream.concat(
                        calls.stream().map(call -> call.operation().key()),
                        rows.stream().map(Row::key))
                .distinct()
                .sorted()
                .toList();
    }
}
