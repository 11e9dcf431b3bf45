package dev.patchkey.statickey;

import java.util.function.Function;
import org.jetbrains.lincheck.datastructures.Operation;

/** A key with two references, one of which is closed by several threads. */
public class EnablementModel {

    static final ModelCheck<Function<FoldedKey, Runnable>> CHECK =
            ModelCheck.of("enablement", EnablementModel.class, Specification.class, checked -> subject = checked);

    /** How to give a reference back. Static, since the model checker makes the models. */
    static volatile Function<FoldedKey, Runnable> subject = EnablementModel::ours;

    private final FoldedKey key = new OurKey(TwoFieldSite::new, 2).key();
    private final Runnable closing = subject.apply(key);

    @Operation
    public void close() {
        closing.run();
    }

    /** Whether the other reference still stands. A close that is not the first may return before the first has. */
    @Operation
    public boolean otherStands() {
        return key.count() >= 1;
    }

    static Runnable ours(FoldedKey key) {
        return new Enablement(key)::close;
    }

    /** However often the one is closed, the other stands. */
    public static class Specification {

        public void close() {}

        public boolean otherStands() {
            return true;
        }
    }
}
