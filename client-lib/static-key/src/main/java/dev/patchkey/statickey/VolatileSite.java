package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.VolatileCallSite;

/**
 * A call site that the JIT folds: a record, whose component it trusts to be constant, over a {@link VolatileCallSite},
 * whose target it trusts until it is set.
 *
 * <p>Not a {@code MutableCallSite}: in a key that is no constant its plain read can be hoisted out of a loop for good.
 */
record VolatileSite(VolatileCallSite site) implements Site {

    VolatileSite(MethodHandle target) {
        this(new VolatileCallSite(target));
    }

    @Override
    public MethodHandle target() {
        return site.getTarget();
    }

    @Override
    public void retarget(MethodHandle target) {
        site.setTarget(target);
    }
}
