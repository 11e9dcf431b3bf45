package dev.patchkey.systemtests.robustness.history;

import java.util.List;

/**
 * One run.
 *
 * @param rows every change, in no order
 * @param brokenPromises what nodes saw of a promise broken under their own eyes, in words
 */
public record History(
        List<Call> calls, List<Row> rows, List<Sighting> sightings, List<Finale> finales, List<String> brokenPromises) {

    /** The keys that anything happened to, in order. */
    public List<String> keys() {
        return java.util.stream.Stream.concat(
                        calls.stream().map(call -> call.operation().key()),
                        rows.stream().map(Row::key))
                .distinct()
                .sorted()
                .toList();
    }
}
