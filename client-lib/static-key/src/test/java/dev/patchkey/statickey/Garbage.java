package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;

/** What the garbage collector has taken. */
final class Garbage {

    /** More collections than anything unreachable has ever been seen to survive. */
    static final int MANY = 500;

    private Garbage() {}

    /** Collects until the referent is gone, at most so often. */
    static void collects(Reference<?> reference, int atMost) {
        for (int i = 0; i < atMost && !reference.refersTo(null); i++) {
            System.gc();
            Actor.sleepMillis(5);
        }
        assertThat(reference.refersTo(null)).as("the referent was collected").isTrue();
    }
}
