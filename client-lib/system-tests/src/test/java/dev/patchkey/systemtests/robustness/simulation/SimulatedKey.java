package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A key of a {@link Simulation}: the sequential specification, written down apart from what the rules make of it.
 * Everything that is decided is decided at once, so what it answers is right.
 */
final class SimulatedKey {

    private static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final LongSupplier revisions;
    private final List<Row> rows = new ArrayList<>();
    private int bare;

    /** When each hold that stands ends. */
    private final Map<String, Long> deadlines = new HashMap<>();

    /** @param revisions the number of the next change */
    SimulatedKey(String name, LongSupplier revisions) {
        this.name = name;
        this.revisions = revisions;
    }

    String name() {
        return name;
    }

    List<Row> rows() {
        return rows;
    }

    Set<String> holders() {
        return new HashSet<>(deadlines.keySet());
    }

    boolean isHeld(String holder) {
        return deadlines.containsKey(holder);
    }

    /** How many changes have been made. */
    int position() {
        return rows.size();
    }

    int count(int position) {
        return position == 0 ? 0 : rows.get(position - 1).count();
    }

    Version version(int position) {
        return position == 0 ? Version.NONE : rows.get(position - 1).version();
    }

    /** Decides an operation of a caller. */
    Answer decide(Operation operation, String id, long now) {
        if (operation instanceof Operation.Increment increment) {
            bare += increment.by();
            return change("increment", null, id);
        }
        if (operation instanceof Operation.Decrement decrement) {
            if (bare < decrement.by()) {
                return new Answer.Refused();
            }
            bare -= decrement.by();
            return change("decrement", null, id);
        }
        if (operation instanceof Operation.Acquire acquire) {
            long deadline =
                    acquire.lease() == null ? NEVER : now + acquire.lease().toNanos();
            return deadlines.put(acquire.holder(), deadline) == null
                    ? change("acquire", acquire.holder(), id)
                    : answer(false, position());
        }
        if (operation instanceof Operation.Release release) {
            return release(release.holder()) ? answer(true, position()) : answer(false, position());
        }
        return answer(false, position());
    }

    /** Acquires the hold of a node. */
    void acquire(String node) {
        deadlines.put(node, NEVER);
        change("acquire", node, "by the node");
    }

    /** Releases a hold; returns whether it stood. */
    boolean release(String holder) {
        return end(holder, "release");
    }

    /** Ends the hold if its time is over. */
    void expire(String holder, long now) {
        if (deadlines.getOrDefault(holder, NEVER) <= now) {
            end(holder, "expire");
        }
    }

    /** Ends the hold of a node that is gone. */
    void expire(String node) {
        end(node, "expire");
    }

    private boolean end(String holder, String action) {
        if (deadlines.remove(holder) == null) {
            return false;
        }
        change(action, holder, null);
        return true;
    }

    /** What a read answers that sees so many changes. */
    Answer.Done answer(boolean changed, int position) {
        return new Answer.Done(count(position), changed, version(position), Propagation.NOT_ASKED);
    }

    private Answer change(String action, @Nullable String holder, @Nullable String reason) {
        Version version = new Version(1, revisions.getAsLong());
        rows.add(new Row(name, version, action, holder, reason, bare + deadlines.size()));
        return answer(true, position());
    }
}
