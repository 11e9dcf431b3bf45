package dev.patchkey.systemtests.robustness.validation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one key in the order of their versions, each with the call that it is of, and the state after each. This
 * is the order that the service claims; the rules judge whether it can be true.
 *
 * <p>A <em>position</em> is how many changes have been made: 0 before the first.
 */
final class Timeline {

    /**
     * One change.
     *
     * @param call whose it is; null for the end of a lease, and for the holds of nodes
     */
    record Change(Row row, @Nullable Call call) {

        long earliest() {
            return call == null ? Long.MIN_VALUE : call.begin();
        }

        long latest() {
            return call == null ? Long.MAX_VALUE : call.latest();
        }

        /** When it was answered as this change: an attempt whose retry was answered as a no-op never was. */
        long acknowledged() {
            Answer.Done done = call == null ? null : done(call);
            return call != null && done != null && done.changed() ? call.end() : Long.MAX_VALUE;
        }
    }

    /** What the key is after a change, as the sequential specification has it. */
    record State(int bare, Set<String> holders) {

        int count() {
            return bare + holders.size();
        }
    }

    private final String key;
    private final List<Change> changes = new ArrayList<>();
    private final List<State> states = new ArrayList<>();
    private final NavigableMap<Version, Integer> positions = new TreeMap<>();
    private final List<Call> calls;
    private final Set<String> nodes;
    private final Map<String, List<Call>> acquires = new HashMap<>();
    private final Map<String, Integer> made = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();

    Timeline(History history, String key) {
        this.key = key;
        this.nodes = history.nodes();
        this.calls = history.calls().stream()
                .filter(call -> call.operation().key().equals(key))
                .toList();
        Map<String, Call> byReason = new HashMap<>();
        Map<String, Call> releases = new HashMap<>();
        for (Call call : calls) {
            byReason.put(call.id(), call);
            if (call.operation() instanceof Operation.Release release && releases.put(release.holder(), call) != null) {
                throw new IllegalArgumentException("a hold is released by one call: " + release.holder());
            }
            if (call.operation() instanceof Operation.Acquire acquire) {
                acquires.computeIfAbsent(acquire.holder(), holder -> new ArrayList<>())
                        .add(call);
            }
        }
        states.add(new State(0, Set.of()));
        history.rows().stream()
                .filter(row -> row.key().equals(key))
                .sorted(Comparator.comparing(Row::version))
                .forEach(row -> {
                    boolean ofRelease = row.action().equals("release");
                    add(new Change(row, ofRelease ? releases.get(row.holder()) : byReason.get(row.reason())));
                });
    }

    private void add(Change change) {
        Row row = change.row();
        Version last = positions.isEmpty() ? Version.NONE : positions.lastKey();
        if (row.version().compareTo(last) <= 0) {
            violations.add(new Violation("S4", "two changes of " + key + " have version " + row.version()));
        }
        State next = step(states.get(states.size() - 1), change);
        if (next.count() != row.count() || next.bare() < 0) {
            violations.add(new Violation(
                    next.bare() < 0 ? "S6" : "S1",
                    "after " + row + " the count is " + row.count() + ", and by its operation " + next.count() + " ("
                            + next.bare() + " bare)"));
        }
        if (change.call() != null) {
            made.merge(change.call().id(), 1, Integer::sum);
        }
        changes.add(change);
        states.add(next);
        positions.put(row.version(), changes.size());
    }

    private State step(State before, Change change) {
        Row row = change.row();
        Call call = change.call();
        return switch (row.action()) {
            case "increment" -> new State(before.bare() + amount(row, call), before.holders());
            case "decrement" -> new State(before.bare() - amount(row, call), before.holders());
            case "acquire" -> new State(before.bare(), with(before, row, call));
            case "release", "expire" -> new State(before.bare(), without(before, row, call));
            default -> throw new IllegalArgumentException("no operation of the suite is a " + row.action());
        };
    }

    private int amount(Row row, @Nullable Call call) {
        if (call != null
                && call.operation() instanceof Operation.Increment increment
                && row.action().equals("increment")) {
            return increment.by();
        }
        if (call != null
                && call.operation() instanceof Operation.Decrement decrement
                && row.action().equals("decrement")) {
            return decrement.by();
        }
        violations.add(new Violation("S1", "nobody asked for " + row));
        return 0;
    }

    private Set<String> with(State before, Row row, @Nullable Call call) {
        boolean asked = nodes.contains(String.valueOf(row.holder()))
                || (call != null && acquires(String.valueOf(row.holder())).contains(call));
        if (!asked) {
            violations.add(new Violation("S1", "nobody asked for " + row));
        }
        Set<String> holders = new HashSet<>(before.holders());
        if (!holders.add(String.valueOf(row.holder()))) {
            violations.add(new Violation("S1", "a hold that stood was acquired: " + row));
        }
        return holders;
    }

    private Set<String> without(State before, Row row, @Nullable Call call) {
        boolean released = row.action().equals("release");
        if (released && call == null && !nodes.contains(String.valueOf(row.holder()))) {
            violations.add(new Violation("S1", "nobody asked for " + row));
        }
        Set<String> holders = new HashSet<>(before.holders());
        if (!holders.remove(String.valueOf(row.holder()))) {
            violations.add(new Violation("S1", "a hold that did not stand ended: " + row));
        }
        return holders;
    }

    String key() {
        return key;
    }

    List<Call> calls() {
        return calls;
    }

    List<Change> changes() {
        return changes;
    }

    /** The calls that acquire or renew a holder's hold; none for a node's. */
    List<Call> acquires(String holder) {
        return acquires.getOrDefault(holder, List.of());
    }

    /** The state at a position. */
    State state(int position) {
        return states.get(position);
    }

    /** The position at which the key has that version; null if it never had. */
    @Nullable Integer position(Version version) {
        return version.revision() == 0 ? Integer.valueOf(0) : positions.get(version);
    }

    /** The position at which the key is as of a version that may be another key's: a snapshot's, for one that is absent. */
    int positionAsOf(Version version) {
        Map.Entry<Version, Integer> last = positions.floorEntry(version);
        return last == null ? 0 : last.getValue();
    }

    /** How often the call's change was made. */
    int madeBy(Call call) {
        return made.getOrDefault(call.id(), 0);
    }

    /** What is wrong with the order in itself. */
    List<Violation> violations() {
        return violations;
    }

    /** Whether the operation would change the state. */
    static boolean changes(Operation operation, State state) {
        if (operation instanceof Operation.Acquire acquire) {
            return !state.holders().contains(acquire.holder());
        }
        if (operation instanceof Operation.Release release) {
            return state.holders().contains(release.holder());
        }
        return !(operation instanceof Operation.Read);
    }

    /** Whether the operation would be refused in the state. */
    static boolean refuses(Operation operation, State state) {
        return operation instanceof Operation.Decrement decrement && state.bare() < decrement.by();
    }

    /** Whether the answer claims a place in the order. */
    static Answer.@Nullable Done done(Call call) {
        return call.answer() instanceof Answer.Done done ? done : null;
    }
}
