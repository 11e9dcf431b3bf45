package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Holder;
import java.time.Duration;
import java.util.Collection;

/**
 * Numbers the lives of nodes durably, so that a later life of a node supersedes an earlier one for good: for as long as
 * the node is remembered, which it is while any of its lives shows itself now and then.
 */
public interface Incarnations {

    /**
     * How often those that are there are to be told of by {@link #heard}, and how much earlier than it was a node may seem
     * to have shown itself. A fraction of the shortest time after which any is forgotten.
     */
    Duration HEARD_EVERY = Duration.ofHours(1);

    /** The shortest time after which a node may be forgotten: a pod tries many times in it to say that the node is there. */
    Duration SHORTEST_SILENCE = Duration.ofDays(1);

    /** The most nodes that one call tells of, or forgets, so that none keeps those who say hello waiting. */
    int LARGEST_PART = 256;

    /** What is known of an incarnation. */
    sealed interface Numbered {
        /**
         * It is the node's current life.
         *
         * @param number positive; greater than that of every earlier life, of forgotten ones too
         * @param isNew whether it was first seen by this call
         */
        record Current(long number, boolean isNew) implements Numbered {}

        /**
         * A later life of the node has been seen, or the node's id belongs to another principal.
         *
         * @param detail why, in a sentence for the node
         */
        record Refused(String detail) implements Numbered {}

        /**
         * It has never shown itself, or so long ago that it is forgotten; only {@link Incarnations#find} answers so.
         *
         * @param detail what it is that is unknown, in a sentence for the node
         */
        record Unknown(String detail) implements Numbered {}
    }

    /**
     * Numbers the incarnation at its first call and says ever after whether it is still current; blocks. Never answers
     * {@link Numbered.Unknown}.
     *
     * @param principal whom the connection was authenticated as; supersession happens only within one principal
     * @param node the node's id
     * @param incarnation a UUID, new for each life of the node's JVM
     * @throws StoreUnavailableException if the store could not be asked; nothing was numbered, or a repeat finds it
     */
    Numbered number(String principal, Holder node, String incarnation);

    /**
     * Says what {@link #number} has made of the incarnation, and writes nothing: asking after any incarnation neither
     * supersedes one nor takes a node's id; blocks.
     *
     * @return {@link Numbered.Current} that is not new, {@link Numbered.Refused} or {@link Numbered.Unknown}
     * @throws StoreUnavailableException if the store could not be asked
     */
    Numbered find(String principal, Holder node, String incarnation);

    /**
     * Says that these nodes are there, so that they are not forgotten; blocks. Those that are not known stay so.
     *
     * @param nodes at most {@link #LARGEST_PART}
     * @throws StoreUnavailableException if the store could not be told, or some of it could not
     */
    void heard(Collection<Holder> nodes);

    /**
     * Forgets nodes that have been silent: for so long neither {@link #heard} has told of them nor {@link #number} been
     * asked for any of their lives by their principal. Their lives are new ones afterwards, superseded ones too, and their
     * ids anybody's. Several pods may do so at once; blocks.
     *
     * @param silence at least {@link #SHORTEST_SILENCE}, but for tests
     * @param most how many to forget at most; up to {@link #LARGEST_PART}
     * @return how many were found, which is below {@code most} only if there are no more
     * @throws StoreUnavailableException if the store could not be told, or some of it could not
     */
    int forget(Duration silence, int most);

    /**
     * Whether a life may ever have been numbered, by this service or an earlier one on the same store; blocks. False is
     * a proof that no node has ever been let in, so a store that can forget never says it.
     *
     * @throws StoreUnavailableException if the store could not be asked
     */
    boolean mayHaveNumbered();
}
