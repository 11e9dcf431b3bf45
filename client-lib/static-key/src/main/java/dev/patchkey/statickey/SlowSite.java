package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/** A call site that stays in its slow target for ever: each test reads the count. For runtimes that cannot rebind. */
enum SlowSite implements Site {
    INSTANCE;

    @Override
    public MethodHandle target() {
        return Targets.SLOW;
    }

    /** Does nothing, which is right: nothing but the slow target is ever folded. */
    @Override
    public void retarget(MethodHandle target) {}
}
