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

    static final MethodHandle OFF = MethodHandles.constant(String.class, "off");
    static final MethodHandle SLOW = MethodHandles.constant(String.class, "slow");
    static final MethodHandle ON = MethodHandles.constant(String.class, "on");

    private Targets() {}

    /** The free target of a key that is or is not enabled. */
    static MethodHandle free(boolean enabled) {
        return enabled ? ON : OFF;
    }
}
