package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A call site that does what HotSpot's does, one step at a time: rebinding stores the target, and only then throws away
 * the compiled code with the old one folded. Whoever tests a key in {@link #folded} runs such code; all others read the
 * stored target. A listener sees every step, and can look around, block, or fail there.
 */
final class ModelSite implements Site {

    /** How far a rebind has come. */
    enum Phase {
        BEGUN,
        STORED,
        FINISHED
    }

    /** Called on the rebinding thread. */
    @FunctionalInterface
    interface Listener {
        void at(Phase phase, MethodHandle target);
    }

    private static final ThreadLocal<Boolean> IN_FOLDED_CODE = ThreadLocal.withInitial(() -> false);

    private volatile MethodHandle stored = Targets.OFF;
    private volatile MethodHandle folded = Targets.OFF;
    private volatile Listener listener = (phase, target) -> {};
    private final List<MethodHandle> trail = new ArrayList<>();

    /** This site, made with the target: a factory. */
    ModelSite create(MethodHandle target) {
        stored = target;
        folded = target;
        return this;
    }

    void listen(Listener newListener) {
        listener = newListener;
    }

    void ignore() {
        listener = (phase, target) -> {};
    }

    @Override
    public MethodHandle target() {
        return IN_FOLDED_CODE.get() ? folded : stored;
    }

    @Override
    public void retarget(MethodHandle target) {
        synchronized (trail) {
            trail.add(target);
        }
        listener.at(Phase.BEGUN, target);
        stored = target;
        listener.at(Phase.STORED, target);
        folded = target;
        listener.at(Phase.FINISHED, target);
    }

    /** What the test gives in compiled code whose folded target has not been thrown away yet. */
    static boolean folded(BooleanSupplier test) {
        IN_FOLDED_CODE.set(true);
        try {
            return test.getAsBoolean();
        } finally {
            IN_FOLDED_CODE.remove();
        }
    }

    /** The targets that it was rebound to since the last call. */
    List<MethodHandle> trail() {
        synchronized (trail) {
            List<MethodHandle> copy = List.copyOf(trail);
            trail.clear();
            return copy;
        }
    }
}
