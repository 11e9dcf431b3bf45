package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.RefCounts;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.ReferenceCounts.HistoryLine;
import dev.patchkey.service.store.Remembered;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one batch makes of the keys it names: decided in memory, from a head, and the states and remembered requests as they
 * are at that head. Used by one thread.
 */
final class Decisions {
    private final Head head;
    private final long batch;
    private final Map<KeyName, StateTables.Row> before;
    private final Map<RequestTable.Asked, Remembered> remembered;

    private final Map<KeyName, KeyState> after = new LinkedHashMap<>();
    private final Map<KeyName, Set<Holder>> holders = new HashMap<>();
    private final Map<RequestTable.Asked, Remembered> fresh = new LinkedHashMap<>();
    private final List<ChangeTable.Change> changes = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final List<Edge> edges = new ArrayList<>();
    private long revision;

    /**
     * A key that became enabled, or disabled.
     *
     * @param command that made it so
     * @param done how it is after that
     */
    record Edge(Command command, Outcome.Done done) {}

    /**
     * @param batch the number that the batch takes if it writes: above the head's
     * @param before the states of all keys that the commands name
     * @param remembered the requests among the commands that are known already; those that are not must be refused by the
     *     database if it has them
     */
    Decisions(
            Head head,
            long batch,
            Map<KeyName, StateTables.Row> before,
            Map<RequestTable.Asked, Remembered> remembered) {
        this.head = head;
        this.batch = batch;
        this.before = before;
        this.remembered = remembered;
        this.revision = head.revision();
    }

    void decide(Command command) {
        RequestId request = command.request();
        if (request == null) {
            outcomes.add(apply(command));
            return;
        }
        RequestTable.Asked asked = RequestTable.Asked.of(request);
        Remembered known = fresh.getOrDefault(asked, remembered.get(asked));
        if (known != null) {
            outcomes.add(known.replay(request));
            return;
        }
        Outcome outcome = apply(command);
        fresh.put(asked, new Remembered(request.hash(), outcome, head.now()));
        outcomes.add(outcome);
    }

    @SuppressWarnings("ReferenceEquality") // the core returns the very instance where there is nothing to write
    private Outcome apply(Command command) {
        KeyName key = command.key();
        KeyState state = after.containsKey(key)
                ? after.get(key)
                : before.getOrDefault(key, StateTables.Row.absent(key)).state();
        RefCounts.Decision decision =
                RefCounts.apply(state, command, new RefCounts.Moment(head.now(), head.epoch(), revision + 1));
        if (decision.state() != state) {
            after.put(key, decision.state());
            Holder holder = ChangeTable.holderOf(command.action());
            if (holder != null) {
                holders.computeIfAbsent(key, name -> new HashSet<>()).add(holder);
            }
        }
        if (decision.outcome() instanceof Outcome.Done done && done.changed()) {
            revision++;
            if (decision.state().enabled() != state.enabled()) {
                edges.add(new Edge(command, done));
            }
            changes.add(new ChangeTable.Change(
                    key,
                    new HistoryLine(
                            done.version(),
                            new LastChange(command.actor(), head.now(), command.reason()),
                            command.action().word(),
                            ChangeTable.holderOf(command.action()),
                            done.count(),
                            command.trace())));
        }
        return decision.outcome();
    }

    /** Whether there is anything to commit. */
    boolean writes() {
        return !after.isEmpty() || !fresh.isEmpty();
    }

    /** The number that the batch takes if it writes. */
    long batch() {
        return batch;
    }

    /** The revision of its last change; the head's if it has none. */
    long revision() {
        return revision;
    }

    Head head() {
        return head;
    }

    /** The head once this is committed. */
    Head headAfter() {
        return new Head(head.epoch(), revision, batch, head.now());
    }

    List<Outcome> outcomes() {
        return outcomes;
    }

    List<Edge> edges() {
        return edges;
    }

    Collection<StateTables.Edit> edits() {
        return after.entrySet().stream()
                .map(entry -> new StateTables.Edit(
                        before.getOrDefault(entry.getKey(), StateTables.Row.absent(entry.getKey())),
                        entry.getValue(),
                        holders.getOrDefault(entry.getKey(), Set.of())))
                .toList();
    }

    Map<RequestTable.Asked, Remembered> requests() {
        return fresh;
    }

    List<ChangeTable.Change> changes() {
        return changes;
    }

    /** The states that it leaves, to be passed on once they are durable. */
    List<Published> published() {
        return after.values().stream()
                .map(state -> new Published(state, head.epoch(), batch()))
                .toList();
    }
}
