package dev.patchkey.systemtests.robustness.validation;

/**
 * A promise that a history does not keep.
 *
 * @param promise the invariant's number, such as S1
 * @param what happened, in words
 */
public record Violation(String promise, String what) {

    @Override
    public String toString() {
        return promise + ": " + what;
    }
}
