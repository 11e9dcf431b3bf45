package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a change at every position such that all {@link Facts} hold: a search in depth, which tries at a gap each kind
 * of call of unknown fate once. Those alike differ in their begins alone, and whichever may come at a position may come at
 * any later one, so that the first to begin is as good as any. Where a state was found to lead nowhere, it is not tried
 * again.
 */
final class Explanation {

    /** Far more than what is missing takes where little is; where much is, no number of steps would be enough. */
    private static final int MOST_STEPS = 100_000;

    /**
     * How far the search is.
     *
     * @param used how many calls of each kind have made a change
     * @param met the refusals that have been right at a position, of those that still can be
     * @param since the latest begin of all before
     */
    private record State(
            int position, int bare, Set<String> holders, Map<Operation, Integer> used, Set<String> met, long since) {

        int count() {
            return bare + holders.size();
        }
    }

    private final Facts facts;
    private final Call[] calls;
    private final int[] counts;
    private final Set<State> dead = new HashSet<>();
    private int steps;
    private int furthest;
    private final boolean found;

    Explanation(Facts facts) {
        this.facts = facts;
        this.calls = new Call[facts.last() + 1];
        this.counts = new int[facts.last() + 1];
        this.found = explain(new State(0, 0, Set.of(), Map.of(), Set.of(), Long.MIN_VALUE));
    }

    boolean isFound() {
        return found;
    }

    /** Whether it was given up, so that not to have found it says nothing. */
    boolean isGivenUp() {
        return !found && steps > MOST_STEPS;
    }

    /** The last position that could be explained. */
    int furthest() {
        return furthest;
    }

    /** Whose change came at the position. */
    Call call(int position) {
        return calls[position];
    }

    int count(int position) {
        return counts[position];
    }

    private boolean explain(@Nullable State from) {
        State state = check(from);
        while (state != null && state.position() < facts.last()) {
            Call known = facts.change(state.position() + 1);
            if (known == null) {
                return tryAll(state);
            }
            state = check(make(state, known));
        }
        return state != null && facts.allowsEnd(state.holders());
    }

    private boolean tryAll(State state) {
        if (dead.contains(state)) {
            return false;
        }
        for (Map.Entry<Operation, List<Call>> kind : facts.unknown().entrySet()) {
            int used = state.used().getOrDefault(kind.getKey(), 0);
            if (used < kind.getValue().size() && ++steps <= MOST_STEPS) {
                Call call = kind.getValue().get(used);
                Map<Operation, Integer> using = new HashMap<>(state.used());
                using.put(kind.getKey(), used + 1);
                State before =
                        new State(state.position(), state.bare(), state.holders(), using, state.met(), state.since());
                boolean inTime = call.begin() <= facts.reached(state.position() + 1) && state.since() <= call.latest();
                if (inTime && explain(make(before, call))) {
                    return true;
                }
            }
        }
        dead.add(state);
        return false;
    }

    private @Nullable State make(State before, Call call) {
        int bare = before.bare();
        Set<String> holders = before.holders();
        if (call.operation() instanceof Operation.Increment increment) {
            bare += increment.by();
        } else if (call.operation() instanceof Operation.Decrement decrement) {
            bare -= decrement.by();
        } else if (call.operation() instanceof Operation.Acquire acquire) {
            holders = new HashSet<>(holders);
            if (!holders.add(acquire.holder())) {
                return null;
            }
        } else if (call.operation() instanceof Operation.Release release) {
            holders = new HashSet<>(holders);
            if (!holders.remove(release.holder())) {
                return null;
            }
        }
        calls[before.position() + 1] = call;
        long since = Math.max(before.since(), call.begin());
        return bare < 0 ? null : new State(before.position() + 1, bare, holders, before.used(), before.met(), since);
    }

    /** What comes of a state where nothing known is against it; null if something is. */
    private @Nullable State check(@Nullable State state) {
        if (state == null || !facts.allowsCount(state.position(), state.count())) {
            return null;
        }
        int position = state.position();
        for (Call read : facts.reads(position)) {
            if (read.operation() instanceof Operation.Acquire acquire
                    && !state.holders().contains(acquire.holder())) {
                return null;
            }
            if (read.operation() instanceof Operation.Release release
                    && state.holders().contains(release.holder())) {
                return null;
            }
        }
        Set<String> met = met(state);
        if (met == null) {
            return null;
        }
        counts[position] = state.count();
        furthest = Math.max(furthest, position);
        long since = Math.max(state.since(), facts.after(position));
        return new State(position, state.bare(), state.holders(), state.used(), met, since);
    }

    private @Nullable Set<String> met(State state) {
        int position = state.position();
        if (facts.refusals(position).isEmpty()) {
            return Set.of();
        }
        Set<String> met = new HashSet<>();
        for (Facts.Refusal refusal : facts.refusals(position)) {
            Call call = refusal.call();
            boolean now = call.operation() instanceof Operation.Decrement decrement
                    && state.bare() < decrement.by()
                    && state.since() <= call.end()
                    && call.begin() <= facts.reached(position + 1);
            if (now || state.met().contains(call.id())) {
                met.add(call.id());
            } else if (position == refusal.last()) {
                return null;
            }
        }
        return met;
    }
}
