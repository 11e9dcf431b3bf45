package dev.patchkey.service.refcount;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that the authority knows of one key. Immutable.
 *
 * @param key which key
 * @param bare how many bare references; 0 or more
 * @param holds the live holds by holder
 * @param ended for holds of nodes that have ended, the command that ended each and when, so that a late acquire is
 *     known as late; kept for {@link RefCounts#ENDED_KEPT}
 * @param revision of the last change; 0 if there was none
 * @param last the last change, or null if there was none
 * @param deleted whether the last change deleted the key; the state then stands for the continued revision alone
 */
public record KeyState(
        KeyName key,
        int bare,
        Map<Holder, Hold> holds,
        Map<Holder, Ended> ended,
        long revision,
        @Nullable LastChange last,
        boolean deleted) {

    /**
     * A node's hold that has ended.
     *
     * @param by the last command of the node that was decided
     * @param at when, by the store's clock
     */
    public record Ended(NodeStamp by, Instant at) {}

    /** The state of a key that nobody has touched. */
    public static KeyState absent(KeyName key) {
        return new KeyState(key, 0, Map.of(), Map.of(), 0, null, false);
    }

    /** The reference count: bare references and live holds. The core keeps it within 0 and 2^31-1. */
    public int count() {
        return bare + holds.size();
    }

    /** Whether the count is above 0. */
    public boolean enabled() {
        return count() > 0;
    }

    /** Whether the key is to be shown: it has been changed, and not deleted since. */
    public boolean exists() {
        return revision > 0 && !deleted;
    }
}
