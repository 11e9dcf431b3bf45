package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Holder;

/** Numbers the lives of nodes durably, so that a later life of a node supersedes an earlier one for good. */
public interface Incarnations {

    /** What is known of an incarnation. */
    sealed interface Numbered {
        /**
         * It is the node's current life.
         *
         * @param number positive; greater than that of every earlier life
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
     * Whether a life may ever have been numbered, by this service or an earlier one on the same store; blocks. False is
     * a proof that no node has ever been let in, so a store that can forget never says it.
     *
     * @throws StoreUnavailableException if the store could not be asked
     */
    boolean mayHaveNumbered();
}
