package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A promise in executable form: throws an AssertionError if what it is run on does not keep it. */
@FunctionalInterface
interface Check<S> {

    void on(S subject);

    /**
     * Runs the check on the static key, on one that stays slow as in a native image, and on the sketch of it that the
     * broken variants are made from.
     */
    static void holds(Check<Subject.Factory> check) {
        check.on(Subject::ours);
        check.on(Subject::inANativeImage);
        check.on(Sketch::new);
    }

    /** Runs the check on a broken variant, and asserts that it catches it, for the reason given. */
    static <S> void catches(Check<S> check, S broken, String because) {
        assertThatThrownBy(() -> check.on(broken), "the check, run on a broken variant")
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(because);
    }
}
