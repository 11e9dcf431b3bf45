package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/** A call site that takes its time to rebind, so that what depends on a rebind being quick is caught. */
final class SluggishSite extends FieldSite {

    SluggishSite(MethodHandle target) {
        super(target);
    }

    @Override
    public void retarget(MethodHandle newTarget) {
        Actor.sleepMillis(1);
        super.retarget(newTarget);
    }
}
