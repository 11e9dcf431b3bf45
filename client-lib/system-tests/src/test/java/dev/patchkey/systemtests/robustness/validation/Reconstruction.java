package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The rows of a run over the store {@code hazelcast}, which keeps none. There each key numbers its own changes, 1, 2, 3
 * and so on, and what changes nothing takes no number. So an acknowledged change has its place, and what lies between must
 * be changes of calls of unknown fate; which, is {@linkplain Explanation searched for}.
 *
 * <p>A key's numbers go on when a new epoch begins, as long as no more is lost than the store promises to bear. So they
 * alone are the order, and two changes with one number in two epochs are a loss. What a pod that was cut off showed is of
 * an epoch that is over, and need never have been: weak reads and sightings of all epochs but the last are left out.
 *
 * <p>In such a run nodes acquire nothing and holds have no lease: a row for either would be of no call.
 *
 * @param history with rows, and with versions of one epoch; without the keys that could not be explained
 * @param violations what no changes explain
 */
record Reconstruction(History history, List<Violation> violations) {

    static Reconstruction of(History seen) {
        History history = inOneEpoch(seen);
        List<Row> rows = new ArrayList<>();
        List<Violation> violations = new ArrayList<>();
        Set<String> explained = new TreeSet<>();
        for (String key : history.keys()) {
            if (explain(history, key, rows, violations)) {
                explained.add(key);
            }
        }
        return new Reconstruction(
                new History(
                        history.calls().stream()
                                .filter(call ->
                                        explained.contains(call.operation().key()))
                                .toList(),
                        rows,
                        history.sightings(),
                        history.finales(),
                        List.of(),
                        history.nodes()),
                violations);
    }

    private static boolean explain(History history, String key, List<Row> rows, List<Violation> violations) {
        Facts facts = new Facts(history, key, true);
        if (!facts.twice().isEmpty()) {
            violations.add(new Violation("S4", "two changes of " + key + " have revisions " + facts.twice()));
            return false;
        }
        if (facts.missing() > facts.candidates()) {
            violations.add(new Violation(
                    "S1",
                    key + " has " + facts.last() + " changes, of which " + facts.missing()
                            + " were never acknowledged, and only " + facts.candidates()
                            + " calls can have made them"));
            return false;
        }
        Explanation explanation = new Explanation(facts);
        if (!explanation.isFound()) {
            violations.add(new Violation("S1", whyNot(key, facts, explanation)));
            // What was acknowledged may be explained all the same, and then the rules say more exactly what is wrong.
            explanation = new Explanation(new Facts(history, key, false));
        }
        if (explanation.isFound()) {
            for (int position = 1; position <= facts.last(); position++) {
                rows.add(row(key, position, explanation.call(position), explanation.count(position)));
            }
        }
        return explanation.isFound();
    }

    private static String whyNot(String key, Facts facts, Explanation explanation) {
        return (explanation.isGivenUp() ? "undecided, the search was given up: " : "not explained: ") + "of the "
                + facts.last() + " changes of " + key + ", " + facts.missing() + " were never acknowledged, and by the "
                + facts.candidates() + " calls of unknown fate they are explained up to revision "
                + explanation.furthest();
    }

    private static Row row(String key, int position, Call call, int count) {
        Version version = new Version(1, position);
        if (call.operation() instanceof Operation.Acquire acquire) {
            return new Row(key, version, "acquire", acquire.holder(), call.id(), count);
        }
        if (call.operation() instanceof Operation.Release release) {
            return new Row(key, version, "release", release.holder(), null, count);
        }
        String action = call.operation() instanceof Operation.Increment ? "increment" : "decrement";
        return new Row(key, version, action, null, call.id(), count);
    }

    // One epoch

    private static History inOneEpoch(History seen) {
        Map<String, Long> epochs = new HashMap<>();
        for (Finale finale : seen.finales()) {
            Stream.concat(finale.byPod().values().stream(), finale.byNode().values().stream())
                    .forEach(at -> epochs.merge(finale.key(), at.version().epoch(), Math::max));
        }
        for (Call call : seen.calls()) {
            if (call.answer() instanceof Answer.Done done) {
                epochs.merge(call.operation().key(), done.version().epoch(), Math::max);
            }
        }
        return new History(
                seen.calls().stream()
                        .filter(call ->
                                isOf(epochs.getOrDefault(call.operation().key(), 0L), call))
                        .map(Reconstruction::inOneEpoch)
                        .toList(),
                List.of(),
                seen.sightings().stream()
                        .filter(sighting -> isOf(epochs.getOrDefault(sighting.key(), 0L), sighting.version()))
                        .map(Reconstruction::inOneEpoch)
                        .toList(),
                seen.finales().stream().map(Reconstruction::inOneEpoch).toList(),
                List.of(),
                seen.nodes());
    }

    private static boolean isOf(long epoch, Call call) {
        boolean weak = call.operation() instanceof Operation.Read read && !read.strong();
        return !weak
                || (call.answer() instanceof Answer.Done done && isOf(epoch, done.version()))
                || (call.answer() instanceof Answer.Stale stale && isOf(epoch, stale.version()));
    }

    private static boolean isOf(long epoch, Version version) {
        return version.revision() == 0 || version.epoch() >= epoch;
    }

    private static Version inOneEpoch(Version version) {
        return version.revision() == 0 ? Version.NONE : new Version(1, version.revision());
    }

    private static Call inOneEpoch(Call call) {
        Answer answer = call.answer();
        if (answer instanceof Answer.Done done) {
            answer = new Answer.Done(done.count(), done.changed(), inOneEpoch(done.version()), done.propagation());
        } else if (answer instanceof Answer.Stale stale) {
            answer = new Answer.Stale(stale.count(), inOneEpoch(stale.version()));
        }
        return new Call(call.id(), call.operation(), call.begin(), call.end(), call.blind(), answer);
    }

    private static Sighting inOneEpoch(Sighting seen) {
        return new Sighting(
                seen.node(),
                seen.run(),
                seen.key(),
                inOneEpoch(seen.version()),
                seen.count(),
                seen.stale(),
                seen.live(),
                seen.first(),
                seen.last());
    }

    private static Finale inOneEpoch(Finale finale) {
        return new Finale(
                finale.key(), inOneEpoch(finale.byPod()), inOneEpoch(finale.byNode()), finale.holders(), finale.held());
    }

    private static Map<String, Seen> inOneEpoch(Map<String, Seen> all) {
        Map<String, Seen> seen = new HashMap<>();
        all.forEach((who, at) -> seen.put(who, new Seen(at.count(), inOneEpoch(at.version()), at.fresh())));
        return seen;
    }
}
