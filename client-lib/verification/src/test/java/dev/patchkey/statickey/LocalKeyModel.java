package dev.patchkey.statickey;

import org.jetbrains.lincheck.datastructures.Operation;

/** What threads do with a local key, and the two ways in which they can test it. */
public class LocalKeyModel {

    static final ModelCheck<Subject.Factory> CHECK =
            ModelCheck.of("local key", LocalKeyModel.class, Specification.class, checked -> subject = checked);

    /** What the operations are done on. Static, since the model checker makes the models. */
    static volatile Subject.Factory subject = Subject::ours;

    private final Subject key;

    /** For the model checker. */
    public LocalKeyModel() {
        this(0);
    }

    LocalKeyModel(int count) {
        key = subject.create(TwoFieldSite::new, count);
    }

    @Operation(blocking = true)
    public void increment() {
        key.increment();
    }

    @Operation(blocking = true)
    public void decrement() {
        key.decrement();
    }

    @Operation
    public boolean test() {
        return key.isEnabled();
    }

    @Operation
    public boolean testFolded() {
        return TwoFieldSite.inFoldedCode(key::isEnabled);
    }

    @Operation
    public int count() {
        return key.count();
    }

    /** A count. */
    public static class Specification {

        private int count;

        /** For the model checker. */
        public Specification() {
            this(0);
        }

        Specification(int count) {
            this.count = count;
        }

        public void increment() {
            if (count == Integer.MAX_VALUE) {
                throw new MaximumCountException("specified");
            }
            count++;
        }

        public void decrement() {
            if (count == 0) {
                throw new IllegalStateException("specified");
            }
            count--;
        }

        public boolean test() {
            return count > 0;
        }

        public boolean testFolded() {
            return count > 0;
        }

        public int count() {
            return count;
        }
    }

    /** The same for a key with one reference less than there can be. */
    public static class NearMaximum extends LocalKeyModel {

        static final ModelCheck<Subject.Factory> CHECK = ModelCheck.of(
                "local key near its maximum", NearMaximum.class, CountFromThere.class, checked -> subject = checked);

        /** For the model checker. */
        public NearMaximum() {
            super(Integer.MAX_VALUE - 1);
        }

        /** A count that starts there. */
        public static class CountFromThere extends Specification {

            /** For the model checker. */
            public CountFromThere() {
                super(Integer.MAX_VALUE - 1);
            }
        }
    }
}
