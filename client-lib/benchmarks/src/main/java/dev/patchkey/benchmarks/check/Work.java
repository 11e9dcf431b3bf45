package dev.patchkey.benchmarks.check;

import java.util.function.IntUnaryOperator;

/** What the code under measurement does besides its check: little, so that the check is seen, and vectorisable. */
final class Work {

    private static final int FACTOR = 31;
    private static final int SALT = 0x5bd1e995;

    private Work() {}

    static int always(int value) {
        return value * FACTOR;
    }

    static int guarded(int value) {
        return value ^ SALT;
    }

    /** All of it, for a disabled key, as a value that a key can choose. */
    static final class Off implements IntUnaryOperator {
        @Override
        public int applyAsInt(int value) {
            return always(value);
        }
    }

    /** All of it, for an enabled key. */
    static final class On implements IntUnaryOperator {
        @Override
        public int applyAsInt(int value) {
            return guarded(always(value));
        }
    }
}
