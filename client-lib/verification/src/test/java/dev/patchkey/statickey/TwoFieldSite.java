package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.util.function.BooleanSupplier;

/**
 * A call site that a model checker can see: HotSpot's, as two volatile fields. A rebind stores the target, and in a step
 * of its own throws away the code in which the old one is folded. Whoever tests a key {@link #inFoldedCode} reads the
 * folded target, all others the stored one; between the two steps threads may therefore differ about it, as
 * {@link Site#retarget} allows.
 *
 * <p>One field of folded code stands for every thread's, though HotSpot stops its threads one by one: a scenario chooses
 * for each test whether the code that it runs in is still the old one, which gives the same mixtures.
 */
final class TwoFieldSite implements Site {

    /** Set while the thread runs folded code. Not shared, so the model checker is told to ignore it. */
    private static final ThreadLocal<Boolean> IN_FOLDED_CODE = new ThreadLocal<>();

    private volatile MethodHandle stored;
    private volatile MethodHandle folded;

    TwoFieldSite(MethodHandle target) {
        stored = target;
        folded = target;
    }

    @Override
    public MethodHandle target() {
        return IN_FOLDED_CODE.get() == null ? stored : folded;
    }

    @Override
    public void retarget(MethodHandle target) {
        stored = target;
        folded = target;
    }

    /** What the test gives in compiled code that has not been thrown away yet. */
    static boolean inFoldedCode(BooleanSupplier test) {
        IN_FOLDED_CODE.set(true);
        try {
            return test.getAsBoolean();
        } finally {
            IN_FOLDED_CODE.remove();
        }
    }
}
