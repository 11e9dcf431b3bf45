package dev.patchkey.service.store;

/** The copies that other pods have of what this one keeps in the cluster's memory. */
public interface Copies {

    /** Whether all of them are there and current; blocks for as long as the other pods take to say so. */
    boolean areComplete();
}
