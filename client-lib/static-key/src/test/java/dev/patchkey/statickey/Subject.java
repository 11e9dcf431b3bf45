package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.mirror.MirroredState;
import org.jspecify.annotations.Nullable;

/** What a check is run against: the static key, or a broken variant of it. */
interface Subject {

    boolean isEnabled();

    int count();

    void increment();

    void decrement();

    boolean apply(int count, long epoch, long revision);

    void stale();

    @Nullable MirroredState state();

    /** The count with the sentinel in it. */
    int word();

    void beforeEnable(Runnable action);

    /** Asserts that all ways to look at the key, in folded code and not, say the same; and says what. */
    default boolean agreed(String when) {
        boolean test = isEnabled();
        boolean folded = ModelSite.folded(this::isEnabled);
        int count = count();
        assertThat(folded)
                .as("%s: a test in folded code, against one that is not folded (%s)", when, test)
                .isEqualTo(test);
        assertThat(count > 0)
                .as("%s: count %d > 0, against the test (%s)", when, count, test)
                .isEqualTo(test);
        assertThat(count).as("%s: the count", when).isNotNegative();
        return test;
    }

    /** What is mirrored, of which there must be something. */
    default MirroredState mirrored() {
        MirroredState state = state();
        if (state == null) {
            throw new AssertionError("nothing is mirrored");
        }
        return state;
    }

    /** Makes subjects. */
    @FunctionalInterface
    interface Factory {

        /** A key over this site with this count. */
        Subject create(Site.Factory site, int count);
    }

    /** The static key itself. */
    static Subject ours(Site.Factory site, int count) {
        return new OurKey(site, count);
    }

    /** The static key as it is in a native image: no rebind changes what a test reads. */
    static Subject inANativeImage(Site.Factory site, int count) {
        return new OurKey(target -> new StaysSlow(site.create(target)), count);
    }
}
