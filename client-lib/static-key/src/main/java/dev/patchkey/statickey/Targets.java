package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The three targets of a key's call site. Told apart by identity and never invoked.
 *
 * <p>Under {@link #OFF} the key is disabled and under {@link #ON} enabled, whatever else is read. Under {@link #SLOW} it
 * is what its count says.
 */
final class Targets {

    static final MethodHandle OFF = target("off");
    static final MethodHandle SLOW = target("slow");
    static final MethodHandle ON = target("on");

    private Targets() {}

    /*
     * The class literal makes the loader of this package's classes resolve MethodHandle. Until it has, C2 of JDK 17 inlines
     * none of their methods with that type in the signature ("unloaded signature classes"), so that the first method it
     * compiles with a test of a key would call Site.target, and go on to until the key is rebound.
     */
    private static MethodHandle target(String name) {
        return MethodHandle.class.cast(MethodHandles.constant(String.class, name));
    }

    /** The free target of a key that is or is not enabled. */
    static MethodHandle free(boolean enabled) {
        return enabled ? ON : OFF;
    }
}
