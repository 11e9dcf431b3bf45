package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a key whose store numbers its changes from 1 on and keeps none of them: which call made a change, where
 * that was acknowledged, and what was seen of the key at each position.
 */
final class Facts {

    /** A refused call, and the positions at which that can have been. */
    record Refusal(Call call, int first, int last) {}

    private final Map<Integer, Call> changes = new HashMap<>();
    private final Map<Integer, Integer> counts = new HashMap<>();
    private final Map<Integer, List<Call>> reads = new HashMap<>();
    private final Map<Integer, List<Refusal>> refusals = new HashMap<>();
    private final Map<Operation, List<Call>> unknown = new LinkedHashMap<>();
    private final Map<Integer, Long> seen = new HashMap<>();
    private final Set<Integer> twice = new HashSet<>();
    private int last;
    private @Nullable Set<String> holders;

    /** By when each position was surely reached; one more, for never. */
    private long[] reached = {};

    /**
     * @param history with versions of one epoch alone
     * @param all whether what was seen is a fact too, and not the acknowledged changes alone
     */
    Facts(History history, String key, boolean all) {
        List<Call> calls = history.calls().stream()
                .filter(call -> call.operation().key().equals(key))
                .sorted(Comparator.comparingLong(Call::begin))
                .toList();
        calls.forEach(call -> answered(call, all));
        for (Sighting sighting : history.sightings()) {
            if (sighting.key().equals(key)) {
                seen(sighting.version(), sighting.count(), sighting.first(), all);
            }
        }
        for (Finale finale : history.finales()) {
            if (finale.key().equals(key)) {
                finale.byPod().values().forEach(at -> seen(at.version(), at.count(), Long.MAX_VALUE, all));
                finale.byNode().values().forEach(at -> seen(at.version(), at.count(), Long.MAX_VALUE, all));
                holders = all ? finale.holders() : null;
            }
        }
        if (missing() <= candidates()) {
            order(calls, all);
        }
    }

    private void answered(Call call, boolean all) {
        boolean changes = !(call.operation() instanceof Operation.Read);
        if (call.answer() instanceof Answer.Done done) {
            int position = (int) done.version().revision();
            if (done.changed()) {
                if (this.changes.put(position, call) != null) {
                    twice.add(position);
                }
                seen(done.version(), done.count(), call.end(), true);
            } else {
                seen(done.version(), done.count(), call.end(), all);
                boolean weak = call.operation() instanceof Operation.Read read && !read.strong();
                if (all && !weak) {
                    reads.computeIfAbsent(position, at -> new ArrayList<>()).add(call);
                }
            }
        } else if (call.answer() instanceof Answer.Stale stale) {
            seen(stale.version(), stale.count(), call.end(), all);
        }
        if (changes && (call.answer() instanceof Answer.Unknown || call.blind())) {
            unknown.computeIfAbsent(call.operation(), same -> new ArrayList<>()).add(call);
        }
    }

    private void seen(Version version, int count, long time, boolean fact) {
        int position = (int) version.revision();
        last = Math.max(last, position);
        if (fact) {
            counts.put(position, count);
            seen.merge(position, time, Math::min);
        }
    }

    private void order(List<Call> calls, boolean all) {
        reached = new long[last + 2];
        Arrays.fill(reached, Long.MAX_VALUE);
        for (int position = last; position >= 0; position--) {
            reached[position] = Math.min(reached[position + 1], seen.getOrDefault(position, Long.MAX_VALUE));
        }
        if (!all) {
            return;
        }
        long[] earliest = new long[last + 1];
        long now = Long.MIN_VALUE;
        for (int position = 0; position <= last; position++) {
            Call change = changes.get(position);
            now = change == null ? now : Math.max(now, change.begin());
            earliest[position] = now;
            now = Math.max(now, after(position));
        }
        for (Call call : calls) {
            if (call.answer() instanceof Answer.Refused) {
                int first = 0;
                while (first < last && reached[first + 1] < call.begin()) {
                    first++;
                }
                int until = last;
                while (until > first && earliest[until] > call.end()) {
                    until--;
                }
                for (int position = first; position <= until; position++) {
                    refusals.computeIfAbsent(position, at -> new ArrayList<>()).add(new Refusal(call, first, until));
                }
            }
        }
    }

    /** The latest begin of what was read at the position, and so of what comes before the next. */
    long after(int position) {
        return reads(position).stream().mapToLong(Call::begin).max().orElse(Long.MIN_VALUE);
    }

    /** How many changes there are. */
    int last() {
        return last;
    }

    /** How many of them nobody was told of. */
    int missing() {
        return last - changes.size();
    }

    /** How many calls may have made them. */
    int candidates() {
        return unknown.values().stream().mapToInt(List::size).sum();
    }

    /** The positions that more than one change was acknowledged with. */
    Set<Integer> twice() {
        return twice;
    }

    /** The change that was acknowledged with the position, if one was. */
    @Nullable Call change(int position) {
        return changes.get(position);
    }

    /** Calls of unknown fate, those alike together, each in the order of their begins. */
    Map<Operation, List<Call>> unknown() {
        return unknown;
    }

    boolean allowsCount(int position, int count) {
        Integer known = counts.get(position);
        return known == null || known == count;
    }

    /** The strong reads and no-ops at the position. */
    List<Call> reads(int position) {
        return reads.getOrDefault(position, List.of());
    }

    List<Refusal> refusals(int position) {
        return refusals.getOrDefault(position, List.of());
    }

    /** By when the position was surely reached; the one after the last never was. */
    long reached(int position) {
        return reached[position];
    }

    boolean allowsEnd(Set<String> standing) {
        return holders == null || holders.equals(standing);
    }
}
