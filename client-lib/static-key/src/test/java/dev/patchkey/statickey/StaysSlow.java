package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/**
 * The call site of a native image, whose rebinds another site is told of: it shows each step to a listener, or fails
 * there.
 */
record StaysSlow(Site steps) implements Site {

    @Override
    public MethodHandle target() {
        return SlowSite.INSTANCE.target();
    }

    @Override
    public void retarget(MethodHandle target) {
        SlowSite.INSTANCE.retarget(target);
        steps.retarget(target);
    }
}
