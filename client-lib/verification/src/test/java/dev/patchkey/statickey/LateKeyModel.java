package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jspecify.annotations.Nullable;

/** One name in a registry, asked for and applied to. */
@Param(name = "revision", gen = IntGen.class, conf = "1:4")
public class LateKeyModel {

    /** A registry of one name, and its mirror. */
    interface Name {

        /** Makes the key, or finds it; the test of it. */
        BooleanSupplier of();

        boolean apply(int count, int revision);

        void stale();
    }

    static final ModelCheck<Supplier<LateKeyModel.Name>> CHECK =
            ModelCheck.of("late key", LateKeyModel.class, Specification.class, checked -> subject = checked);

    /** What the operations are done on. Static, since the model checker makes the models. */
    static volatile Supplier<Name> subject = Ours::new;

    private final Name name = subject.get();

    @Operation
    public boolean ofAndTest() {
        return name.of().getAsBoolean();
    }

    @Operation
    public boolean ofAndTestFolded() {
        return TwoFieldSite.inFoldedCode(name.of());
    }

    @Operation
    public boolean apply(@Param(name = "revision") int revision) {
        return name.apply(MirroredKeyModel.countOf(revision), revision);
    }

    @Operation
    public void stale() {
        name.stale();
    }

    /** The registry itself. */
    static final class Ours implements Name {

        private static final String NAME = "late";

        private final Registry registry = new Registry(TwoFieldSite::new);
        private final RegistryMirror mirror = new RegistryMirror(registry);

        /** Keeps the key, so that no garbage collection comes between, which the model checker could not repeat. */
        @SuppressWarnings("UnusedVariable")
        private volatile @Nullable FoldedKey kept;

        @Override
        public BooleanSupplier of() {
            FoldedKey key = registry.of(NAME);
            kept = key;
            return key::isEnabled;
        }

        @Override
        public boolean apply(int count, int revision) {
            return mirror.apply(NAME, count, 1, revision);
        }

        @Override
        public void stale() {
            mirror.stale(NAME);
        }
    }

    /** Looks what has been applied, makes the key, puts it where an apply finds it: one in between is lost. */
    static final class LooksThenPuts implements Name {

        private final ConcurrentMap<String, Sketch> keys = new ConcurrentHashMap<>();
        private volatile @Nullable MirroredState state;

        @Override
        public BooleanSupplier of() {
            Sketch known = keys.get("late");
            if (known != null) {
                return known::isEnabled;
            }
            MirroredState old = state;
            Sketch key = new Sketch(TwoFieldSite::new, old == null ? 0 : old.effectiveCount());
            key.mirrored = old;
            keys.put("late", key);
            return key::isEnabled;
        }

        @Override
        public synchronized boolean apply(int count, int revision) {
            MirroredState pair = MirroredState.applied(count, 1, revision);
            MirroredState old = state;
            int byVersion = old == null ? 1 : pair.compareVersion(old);
            if (byVersion >= 0) {
                state = pair;
            }
            Sketch key = keys.get("late");
            if (key != null) {
                key.apply(count, 1, revision);
            }
            return byVersion > 0;
        }

        @Override
        public synchronized void stale() {
            MirroredState old = state;
            state = old == null ? null : old.withStale(true);
            Sketch key = keys.get("late");
            if (key != null) {
                key.stale();
            }
        }
    }

    /** A count with its revision. */
    public static class Specification {

        private final MirroredKeyModel.Specification mirrored = new MirroredKeyModel.Specification();

        public boolean ofAndTest() {
            return mirrored.test();
        }

        public boolean ofAndTestFolded() {
            return mirrored.test();
        }

        public boolean apply(int revision) {
            return mirrored.apply(1, revision).equals("newer");
        }

        public void stale() {
            mirrored.stale();
        }
    }
}
