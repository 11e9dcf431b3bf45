package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.Set;

/** Errors in what nodes see, and in what is claimed of them. */
final class PlantedSightings {

    private PlantedSightings() {}

    /** An answer speaks for a live node that later still sees less. */
    static boolean applied(Draft draft) {
        Sighting behind = draft.any(draft.sightings, Sighting::live);
        if (behind == null) {
            return false;
        }
        Call call = draft.any(
                draft.calls,
                any -> Draft.isDone(any)
                        && any.operation().key().equals(behind.key())
                        && any.end() < behind.last()
                        && Draft.done(any).version().compareTo(behind.version()) > 0);
        if (call == null) {
            return false;
        }
        Answer.Done done = Draft.done(call);
        draft.answer(
                call, new Answer.Done(done.count(), done.changed(), done.version(), new Propagation(true, Set.of())));
        return true;
    }

    /** What it saw it sees again, after it has seen something newer. */
    static boolean back(Draft draft) {
        Sighting newer = draft.any(draft.sightings, any -> true);
        if (newer == null) {
            return false;
        }
        Sighting older = draft.any(
                draft.sightings,
                any -> any.node().equals(newer.node())
                        && any.run() == newer.run()
                        && any.key().equals(newer.key())
                        && any.version().compareTo(newer.version()) < 0);
        return older != null && draft.sightings.add(at(older, Long.MAX_VALUE));
    }

    private static Sighting at(Sighting sighting, long time) {
        return new Sighting(
                sighting.node(),
                sighting.run(),
                sighting.key(),
                sighting.version(),
                sighting.count(),
                sighting.stale(),
                sighting.live(),
                time,
                time);
    }

    static boolean count(Draft draft) {
        Sighting sighting = draft.any(draft.sightings, any -> true);
        if (sighting == null) {
            return false;
        }
        Draft.replace(
                draft.sightings,
                sighting,
                new Sighting(
                        sighting.node(),
                        sighting.run(),
                        sighting.key(),
                        sighting.version(),
                        sighting.count() + 1,
                        sighting.stale(),
                        sighting.live(),
                        sighting.first(),
                        sighting.last()));
        return true;
    }

    static boolean future(Draft draft) {
        Row row = draft.any(draft.rows, any -> draft.acknowledging(any) != null);
        Call call = row == null ? null : draft.acknowledging(row);
        if (row == null || call == null || call.blind()) {
            return false;
        }
        long before = call.begin() - 1;
        return draft.sightings.add(
                new Sighting("x", 1, row.key(), row.version(), row.count(), false, true, before, before));
    }

    static boolean broken(Draft draft) {
        return draft.brokenPromises.add(new BrokenPromise("N1", "a node read 1, and its test said no"));
    }
}
