package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/** A call site that takes its time to rebind, so that what depends on a rebind being quick is caught. */
final class SluggishSite implements Site {

    private volatile MethodHandle target;

    SluggishSite(MethodHandle target) {
        this.target = target;
    }

    @Override
    public MethodHandle target() {
        return target;
    }

    @Override
    public void retarget(MethodHandle newTarget) {
        Actor.sleepMillis(1);
        target = newTarget;
    }
}
