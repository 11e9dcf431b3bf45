package dev.patchkey.systemtests.robustness.history;

/** What a caller asked for. */
public sealed interface Operation {

    String key();

    /** Adds bare references. */
    record Increment(String key, int by) implements Operation {}

    /** Takes bare references away. */
    record Decrement(String key, int by) implements Operation {}

    /** Acquires or renews an operator's hold. A holder's name is used for one hold, and by one caller. */
    record Acquire(String key, String holder) implements Operation {}

    /** Releases it. */
    record Release(String key, String holder) implements Operation {}

    /** Reads the key; strongly, or from the memory of the pod that was asked. */
    record Read(String key, boolean strong) implements Operation {}
}
