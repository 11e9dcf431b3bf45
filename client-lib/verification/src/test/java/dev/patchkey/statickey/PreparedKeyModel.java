package dev.patchkey.statickey;

import org.jetbrains.lincheck.datastructures.Operation;
import org.jspecify.annotations.Nullable;

/** A local key that guards code which uses a resource, made by the key's preparation. */
public class PreparedKeyModel {

    static final ModelCheck<Subject.Factory> CHECK =
            ModelCheck.of("prepared key", PreparedKeyModel.class, Specification.class, checked -> subject = checked);

    /** What the operations are done on. Static, since the model checker makes the models. */
    static volatile Subject.Factory subject = Subject::ours;

    private final Subject key = subject.create(TwoFieldSite::new, 0);
    private volatile @Nullable String resource;

    /** For the model checker. */
    public PreparedKeyModel() {
        key.beforeEnable(() -> resource = "resource");
    }

    @Operation
    public void increment() {
        key.increment();
    }

    @Operation
    public void decrement() {
        key.decrement();
    }

    @Operation
    public String guarded() {
        return key.isEnabled() ? "used " + resource : "not enabled";
    }

    @Operation
    public String guardedFolded() {
        return TwoFieldSite.inFoldedCode(key::isEnabled) ? "used " + resource : "not enabled";
    }

    /** A count, and a resource that is there whenever it is positive. */
    public static class Specification extends LocalKeyModel.Specification {

        public String guarded() {
            return test() ? "used resource" : "not enabled";
        }

        public String guardedFolded() {
            return guarded();
        }
    }
}
