package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations.Numbered;
import java.util.ArrayList;
import java.util.List;

/**
 * The lives of one node as far as they are remembered. Immutable; both stores number by it.
 *
 * @param principal whose node it is
 * @param number of the current life
 * @param lives the incarnations, the current one last; at most {@link #MOST_REMEMBERED}
 */
public record NodeLives(String principal, long number, List<String> lives) {

    /**
     * The most lives remembered of one node. One that is forgotten would count as new if it came back; it was told to
     * stop for good this many restarts ago.
     */
    public static final int MOST_REMEMBERED = 1000;

    /** Whether it is the current life. */
    public boolean isCurrent(String incarnation) {
        return !lives.isEmpty() && lives.getLast().equals(incarnation);
    }

    /** Whether it was a life of the node, and a later one has been seen since. */
    public boolean isSuperseded(String incarnation) {
        return !isCurrent(incarnation) && lives.contains(incarnation);
    }

    /** The lives with one more. */
    public NodeLives with(String incarnation) {
        List<String> all = new ArrayList<>(lives);
        all.add(incarnation);
        return new NodeLives(
                principal, number + 1, List.copyOf(all.subList(Math.max(0, all.size() - MOST_REMEMBERED), all.size())));
    }

    public static Numbered.Refused belongsToAnother(Holder node) {
        return new Numbered.Refused("node " + node + " belongs to another principal");
    }

    public static Numbered.Unknown unknown(Holder node, String incarnation) {
        return new Numbered.Unknown("incarnation " + incarnation + " of node " + node + " has never shown itself");
    }

    public static Numbered.Refused superseded(Holder node, String incarnation) {
        return new Numbered.Refused(
                "incarnation " + incarnation + " of node " + node + " is superseded by a later one, for good");
    }
}
