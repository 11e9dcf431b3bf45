package dev.patchkey.systemtests.robustness.history;

/**
 * What a node saw go wrong under its own eyes.
 *
 * @param promise the invariant's number; {@link #RUN} for the end of what was to go on
 * @param what it saw, in words
 */
public record BrokenPromise(String promise, String what) {

    /** No promise of the service: the run was not what it was meant to be. */
    public static final String RUN = "RUN";
}
