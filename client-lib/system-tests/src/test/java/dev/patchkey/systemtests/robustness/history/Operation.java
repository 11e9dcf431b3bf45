package dev.patchkey.systemtests.robustness.history;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a caller asked for. */
public sealed interface Operation {

    String key();

    /** Adds bare references. */
    record Increment(String key, int by) implements Operation {}

    /** Takes bare references away. */
    record Decrement(String key, int by) implements Operation {}

    /**
     * Acquires an operator's hold, or renews it: where it stands, its lease begins anew and it changes nothing else. A
     * holder's name is used on one key, and by one caller.
     *
     * @param lease after which the hold ends unless renewed; null for one that never does
     */
    record Acquire(String key, String holder, @Nullable Duration lease) implements Operation {

        /** Without a lease. */
        public Acquire(String key, String holder) {
            this(key, holder, null);
        }
    }

    /** Releases it. */
    record Release(String key, String holder) implements Operation {}

    /** Reads the key; strongly, or from the memory of the pod that was asked. */
    record Read(String key, boolean strong) implements Operation {}
}
