package dev.patchkey.systemtests.robustness.history;

import java.util.Set;

/** What came of a call. */
public sealed interface Answer {

    /**
     * The operation was decided.
     *
     * @param count the key's count after it
     * @param changed whether it changed the key
     * @param version of the change, or of the key as it stands
     * @param propagation what was claimed about the nodes
     */
    record Done(int count, boolean changed, Version version, Propagation propagation) implements Answer {}

    /** A read that the pod itself called stale: it claims nothing about the present. */
    record Stale(int count, Version version) implements Answer {}

    /** The operation was decided and refused, since there were fewer bare references than were to be taken away. */
    record Refused() implements Answer {}

    /** The operation was surely not made. */
    record NotDone() implements Answer {}

    /** The operation may have been made, or may yet be. */
    record Unknown() implements Answer {}

    /**
     * What an answer claims about the nodes.
     *
     * @param applied whether it says that the version is applied everywhere
     * @param expired the nodes for which it claims nothing, since their leases ran out
     */
    record Propagation(boolean applied, Set<String> expired) {

        public static final Propagation NOT_ASKED = new Propagation(false, Set.of());
    }
}
