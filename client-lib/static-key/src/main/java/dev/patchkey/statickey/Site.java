package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/**
 * A call site: the one place at which a key's target is kept, and what the JIT folds.
 *
 * <p>The seam between the algorithm of {@link KeyCore} and {@code java.lang.invoke}. A substitute must keep the contract
 * of both methods; one whose target is a volatile field lets model checkers see the algorithm.
 */
interface Site {

    /** The target, read as a volatile: one of {@link Targets}. */
    MethodHandle target();

    /**
     * Rebinds: sets the target. On return no thread runs, or ever will run, code in which an earlier target is folded;
     * until then some threads may, while others see the new one. Called by one thread at a time.
     *
     * <p>May throw; then the target may be the old or the new one, and code with an earlier one folded may remain.
     */
    void retarget(MethodHandle target);

    /** Makes call sites. */
    @FunctionalInterface
    interface Factory {

        /** A new call site of which nothing is folded yet. */
        Site create(MethodHandle target);

        /** The factory for the runtime this is: a native image cannot rebind, and keeps to the slow target. */
        static Factory ofThisRuntime() {
            return System.getProperty("org.graalvm.nativeimage.imagecode") == null
                    ? VolatileSite::new
                    : target -> SlowSite.INSTANCE;
        }
    }
}
