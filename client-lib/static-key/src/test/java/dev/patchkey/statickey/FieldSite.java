package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/** A call site that is a volatile field: nothing folds it, and rebinding costs a store instead of a safepoint. */
class FieldSite implements Site {

    private volatile MethodHandle target;

    FieldSite(MethodHandle target) {
        this.target = target;
    }

    @Override
    public MethodHandle target() {
        return target;
    }

    @Override
    public void retarget(MethodHandle newTarget) {
        target = newTarget;
    }
}
