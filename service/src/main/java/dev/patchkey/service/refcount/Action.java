package dev.patchkey.service.refcount;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a command does to its key. */
public sealed interface Action {

    /**
     * Adds bare references.
     *
     * @param by how many; positive
     */
    record Increment(int by) implements Action {
        public Increment {
            requirePositive(by);
        }
    }

    /**
     * Takes bare references away; refused if there are fewer.
     *
     * @param by how many; positive
     */
    record Decrement(int by) implements Action {
        public Decrement {
            requirePositive(by);
        }
    }

    /**
     * Acquires a hold, or renews the one that stands.
     *
     * @param holder whose hold
     * @param lease for an operator's hold, null for one without an end; always null for a node's
     * @param node the node's command, or null for an operator's hold
     */
    record Acquire(
            Holder holder,
            @Nullable Duration lease,
            @Nullable NodeStamp node) implements Action {}

    /**
     * Releases a hold; a no-op where none stands.
     *
     * @param holder whose hold
     * @param node the node's command, or null for an operator's release
     */
    record Release(Holder holder, @Nullable NodeStamp node) implements Action {}

    /**
     * Ends a hold whose time is over. A no-op unless it is: an operator's hold must be past its deadline, and a node's
     * must still live on the session that was seen to end.
     *
     * @param holder whose hold
     * @param session the session that ended, or null for an operator's hold
     */
    record Expire(Holder holder, @Nullable String session) implements Action {}

    /** Forgets the key; refused unless its count is 0. Its revision goes on. */
    record Delete() implements Action {}

    /** Its name in the history and in metrics. */
    default String word() {
        return switch (this) {
            case Increment increment -> "increment";
            case Decrement decrement -> "decrement";
            case Acquire acquire -> "acquire";
            case Release release -> "release";
            case Expire expire -> "expire";
            case Delete delete -> "delete";
        };
    }

    private static void requirePositive(int by) {
        if (by < 1) {
            throw new IllegalArgumentException("by must be at least 1, and is " + by);
        }
    }
}
