package dev.patchkey.statickey;

import java.util.function.Supplier;
import org.jetbrains.lincheck.datastructures.Operation;

/** A local key and a static call of it, which never contradict each other. */
public class StaticCallModel {

    static final ModelCheck<Supplier<KeyWithCall>> CHECK =
            ModelCheck.of("static call", StaticCallModel.class, Specification.class, checked -> subject = checked);

    /** What the operations are done on. Static, since the model checker makes the models. */
    static volatile Supplier<KeyWithCall> subject = StaticCallModel::ours;

    private final KeyWithCall key = subject.get();

    @Operation
    public void increment() {
        key.increment().run();
    }

    @Operation
    public void decrement() {
        key.decrement().run();
    }

    @Operation
    public boolean test() {
        return key.test().getAsBoolean();
    }

    @Operation
    public boolean call() {
        return key.call().getAsBoolean();
    }

    @Operation
    public boolean callFolded() {
        return TwoFieldSite.inFoldedCode(key.call());
    }

    static KeyWithCall ours() {
        return KeyWithCall.ours(TwoFieldSite::new);
    }

    static KeyWithCall withItsOwnSite() {
        return KeyWithCall.withItsOwnSite(TwoFieldSite::new);
    }

    /** A count. */
    public static class Specification extends LocalKeyModel.Specification {

        public boolean call() {
            return test();
        }

        public boolean callFolded() {
            return test();
        }
    }
}
