package dev.patchkey.service.refcount;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/**
 * The rules of reference counting, as one function without effects. Both stores decide by it, under their own fence, and
 * nothing else decides.
 */
public final class RefCounts {

    /**
     * How long the end of a node's hold is remembered. A late acquire must be recognised for as long as it may still be
     * under way; no request lives longer than its own timeout, which is far less.
     */
    public static final Duration ENDED_KEPT = Duration.ofMinutes(10);

    /** The most holds on one key: above any fleet this service is made for, and a bound on what one entry can weigh. */
    public static final int MOST_HOLDS = 100_000;

    private static final int MAX_COUNT = Integer.MAX_VALUE;

    private RefCounts() {}

    /**
     * What the authority brings to a decision.
     *
     * @param now the store's clock
     * @param epoch the store's epoch
     * @param revision the revision that the command takes if it changes the key; above the key's own
     */
    public record Moment(Instant now, long epoch, long revision) {}

    /**
     * A decision.
     *
     * @param state the key after the command; the very instance that was given where there is nothing to write
     * @param outcome what to tell the caller; {@code Done.changed()} says whether the revision was taken
     */
    public record Decision(KeyState state, Outcome outcome) {}

    /**
     * Decides one command. Depends on nothing but its arguments and changes none of them.
     *
     * @param state the key as the authority has it
     * @param command a command for that key
     * @param moment the clock, and the revision to take
     */
    public static Decision apply(KeyState state, Command command, Moment moment) {
        if (!state.key().equals(command.key())) {
            throw new IllegalArgumentException(
                    "command is for key " + command.key() + " and the state is of key " + state.key());
        }
        return switch (command.action()) {
            case Action.Increment increment -> increment(state, increment.by(), command, moment);
            case Action.Decrement decrement -> decrement(state, decrement.by(), command, moment);
            case Action.Acquire acquire -> acquire(state, acquire, command, moment);
            case Action.Release release -> release(state, release, command, moment);
            case Action.Expire expire -> expire(state, expire, command, moment);
            case Action.Delete delete -> delete(state, command, moment);
        };
    }

    private static Decision increment(KeyState state, int by, Command command, Moment moment) {
        if (by > MAX_COUNT - state.count()) {
            return refuse(
                    state,
                    Refusal.COUNT_OVERFLOW,
                    "by must leave the count at or below 2147483647: the count is " + state.count() + " and by is "
                            + by);
        }
        return new Draft(state, moment).bare(state.bare() + by).change(command);
    }

    private static Decision decrement(KeyState state, int by, Command command, Moment moment) {
        if (by > state.bare()) {
            int holds = state.holds().size();
            String rest = holds == 0
                    ? ""
                    : "; the count is " + state.count() + ", but " + holds
                            + (holds == 1 ? " of it is a hold, which ends" : " of it are holds, which end")
                            + " by release or expiry only";
            return refuse(
                    state,
                    Refusal.COUNT_BELOW_ZERO,
                    "by must not be more than the key's bare references: there are " + state.bare() + " and by is " + by
                            + rest);
        }
        return new Draft(state, moment).bare(state.bare() - by).change(command);
    }

    private static Decision acquire(KeyState state, Action.Acquire acquire, Command command, Moment moment) {
        if (acquire.node() != null) {
            return acquireByNode(state, acquire.holder(), acquire.node(), command, moment);
        }
        Hold standing = state.holds().get(acquire.holder());
        Instant deadline = acquire.lease() == null ? null : moment.now().plus(acquire.lease());
        if (standing == null) {
            return add(
                    state,
                    new Hold(acquire.holder(), command.reason(), moment.now(), acquire.lease(), deadline, null),
                    command,
                    moment);
        }
        if (standing.node() != null) {
            return refuse(state, Refusal.HOLD_OF_ANOTHER_KIND, ownedByNode(acquire.holder()));
        }
        Hold renewed =
                new Hold(standing.holder(), standing.reason(), standing.since(), acquire.lease(), deadline, null);
        return renewed.equals(standing)
                ? unchanged(state, moment)
                : new Draft(state, moment).hold(renewed).keep();
    }

    private static Decision acquireByNode(
            KeyState state, Holder holder, NodeStamp stamp, Command command, Moment moment) {
        Hold standing = state.holds().get(holder);
        if (standing != null) {
            if (standing.node() == null) {
                return refuse(state, Refusal.HOLD_OF_ANOTHER_KIND, ownedByOperator(holder));
            }
            if (stamp.isOlderThan(standing.node())) {
                return refuse(state, Refusal.OPERATION_SUPERSEDED, superseded(stamp, standing.node()));
            }
            // An equal stamp is a replay, or the same operation confirmed on a new session: the session is written.
            return stamp.equals(standing.node())
                    ? unchanged(state, moment)
                    : new Draft(state, moment)
                            .hold(new Hold(holder, standing.reason(), standing.since(), null, null, stamp))
                            .keep();
        }
        KeyState.Ended ended = state.ended().get(holder);
        if (ended != null && !ended.by().isOlderThan(stamp)) {
            // Equal too: what that operation acquired has ended since, and must not be revived.
            return refuse(state, Refusal.OPERATION_SUPERSEDED, superseded(stamp, ended.by()));
        }
        return add(state, new Hold(holder, command.reason(), moment.now(), null, null, stamp), command, moment);
    }

    private static Decision add(KeyState state, Hold hold, Command command, Moment moment) {
        if (state.count() == MAX_COUNT) {
            return refuse(
                    state,
                    Refusal.COUNT_OVERFLOW,
                    "a hold must leave the count at or below 2147483647: the count is " + state.count());
        }
        Draft draft = new Draft(state, moment);
        if (hold.node() != null) {
            draft.forget(hold.holder());
        }
        return draft.isFull()
                ? refuse(state, Refusal.TOO_MANY_HOLDS, tooManyHolds(state))
                : draft.hold(hold).change(command);
    }

    private static Decision release(KeyState state, Action.Release release, Command command, Moment moment) {
        if (release.node() != null) {
            return releaseByNode(state, release.holder(), release.node(), command, moment);
        }
        Hold standing = state.holds().get(release.holder());
        if (standing == null) {
            return unchanged(state, moment);
        }
        if (standing.node() != null) {
            return refuse(state, Refusal.HOLD_OF_ANOTHER_KIND, ownedByNode(release.holder()));
        }
        return new Draft(state, moment).end(release.holder()).change(command);
    }

    private static Decision releaseByNode(
            KeyState state, Holder holder, NodeStamp stamp, Command command, Moment moment) {
        Hold standing = state.holds().get(holder);
        if (standing != null) {
            if (standing.node() == null) {
                return refuse(state, Refusal.HOLD_OF_ANOTHER_KIND, ownedByOperator(holder));
            }
            if (stamp.isOlderThan(standing.node())) {
                return refuse(state, Refusal.OPERATION_SUPERSEDED, superseded(stamp, standing.node()));
            }
            return new Draft(state, moment).end(holder).remember(holder, stamp).change(command);
        }
        KeyState.Ended ended = state.ended().get(holder);
        if (ended != null && stamp.isOlderThan(ended.by())) {
            return refuse(state, Refusal.OPERATION_SUPERSEDED, superseded(stamp, ended.by()));
        }
        if (ended != null && stamp.equals(ended.by())) {
            return unchanged(state, moment);
        }
        // The acquire that this releases may still be under way: it must be known as late when it comes.
        Draft draft = new Draft(state, moment).forget(holder);
        return draft.isFull()
                ? refuse(state, Refusal.TOO_MANY_HOLDS, tooManyHolds(state))
                : draft.remember(holder, stamp).keep();
    }

    private static Decision expire(KeyState state, Action.Expire expire, Command command, Moment moment) {
        Hold standing = state.holds().get(expire.holder());
        if (standing == null || !isOver(standing, expire, moment)) {
            return unchanged(state, moment);
        }
        Draft draft = new Draft(state, moment).end(expire.holder());
        if (standing.node() != null) {
            draft.remember(expire.holder(), standing.node());
        }
        return draft.change(command);
    }

    private static boolean isOver(Hold hold, Action.Expire expire, Moment moment) {
        if (hold.node() != null) {
            return hold.node().session().equals(expire.session());
        }
        return expire.session() == null
                && hold.deadline() != null
                && !hold.deadline().isAfter(moment.now());
    }

    private static Decision delete(KeyState state, Command command, Moment moment) {
        if (!state.exists()) {
            return refuse(
                    state, Refusal.KEY_UNKNOWN, "key must exist to be deleted, and there is no key " + state.key());
        }
        if (state.enabled()) {
            return refuse(
                    state,
                    Refusal.KEY_ENABLED,
                    "key must have count 0 to be deleted, and the count of " + state.key() + " is " + state.count());
        }
        return new Draft(state, moment).delete().change(command);
    }

    private static Decision refuse(KeyState state, Refusal refusal, String detail) {
        return new Decision(state, new Outcome.Refused(refusal, detail));
    }

    private static Decision unchanged(KeyState state, Moment moment) {
        return new Decision(state, done(state, moment, false));
    }

    private static Outcome done(KeyState state, Moment moment, boolean changed) {
        return new Outcome.Done(state.count(), new Version(moment.epoch(), state.revision()), changed);
    }

    private static String ownedByNode(Holder holder) {
        return "holder must not name a hold of a node, and " + holder
                + " does: it ends when the node releases it or its lease ends";
    }

    private static String ownedByOperator(Holder holder) {
        return "holder must not name a hold of an operator, and " + holder + " does: release that one first";
    }

    private static String superseded(NodeStamp stamp, NodeStamp decided) {
        return "operation must come after the last one decided for this key and node: it is " + stamp.operation()
                + " of incarnation " + stamp.incarnation() + ", and " + decided.operation() + " of incarnation "
                + decided.incarnation() + " was decided";
    }

    private static String tooManyHolds(KeyState state) {
        return "key must have fewer than " + MOST_HOLDS + " holds, those that ended in the last "
                + ENDED_KEPT.toMinutes() + " minutes included: " + state.key() + " has "
                + state.holds().size() + " and " + state.ended().size();
    }

    /** A state being made from another. Copies a map only when it is written to; drops the tombstones that are over. */
    private static final class Draft {
        private final KeyState from;
        private final Moment moment;
        private int bare;
        private Map<Holder, Hold> holds;
        private Map<Holder, KeyState.Ended> ended;
        private boolean deleted;

        Draft(KeyState from, Moment moment) {
            this.from = from;
            this.moment = moment;
            this.bare = from.bare();
            this.holds = from.holds();
            this.ended = withoutOld(from.ended(), moment.now().minus(ENDED_KEPT));
            this.deleted = from.deleted();
        }

        private static Map<Holder, KeyState.Ended> withoutOld(Map<Holder, KeyState.Ended> ended, Instant cutoff) {
            if (ended.values().stream().allMatch(each -> each.at().isAfter(cutoff))) {
                return ended;
            }
            Map<Holder, KeyState.Ended> kept = new HashMap<>(ended);
            kept.values().removeIf(each -> !each.at().isAfter(cutoff));
            return Collections.unmodifiableMap(kept);
        }

        boolean isFull() {
            return holds.size() + ended.size() >= MOST_HOLDS;
        }

        Draft bare(int references) {
            bare = references;
            return this;
        }

        Draft hold(Hold hold) {
            holds = with(holds, hold.holder(), hold);
            return this;
        }

        Draft end(Holder holder) {
            holds = without(holds, holder);
            return this;
        }

        Draft remember(Holder holder, NodeStamp by) {
            ended = with(ended, holder, new KeyState.Ended(by, moment.now()));
            return this;
        }

        Draft forget(Holder holder) {
            ended = without(ended, holder);
            return this;
        }

        Draft delete() {
            deleted = true;
            return this;
        }

        /** What observers can see has changed: takes the revision. */
        Decision change(Command command) {
            boolean deletes = command.action() instanceof Action.Delete;
            KeyState state = new KeyState(
                    from.key(),
                    bare,
                    holds,
                    ended,
                    moment.revision(),
                    new LastChange(command.actor(), moment.now(), command.reason()),
                    deleted && deletes);
            return new Decision(state, done(state, moment, true));
        }

        /** There is something to write that observers cannot see: keeps the revision. */
        Decision keep() {
            KeyState state = new KeyState(from.key(), bare, holds, ended, from.revision(), from.last(), deleted);
            return new Decision(state, done(state, moment, false));
        }

        private static <V> Map<Holder, V> with(Map<Holder, V> map, Holder holder, V value) {
            Map<Holder, V> copy = new HashMap<>(map);
            copy.put(holder, value);
            return Collections.unmodifiableMap(copy);
        }

        private static <V> Map<Holder, V> without(Map<Holder, V> map, Holder holder) {
            if (!map.containsKey(holder)) {
                return map;
            }
            Map<Holder, V> copy = new HashMap<>(map);
            copy.remove(holder);
            return Collections.unmodifiableMap(copy);
        }
    }
}
