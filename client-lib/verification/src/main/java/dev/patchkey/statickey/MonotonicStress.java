package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.patchkey.statickey.mirror.MirroredState;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JZZ_Result;
import org.openjdk.jcstress.infra.results.ZJZ_Result;

/** N3, monotonic: never an older version over a newer one, and staleness is an overlay. */
public class MonotonicStress {

    private MonotonicStress() {}

    /*
     * Observed, complete effort, call sites:
     *
     *              RESULT   JDK 25   JDK 17  EXPECT
     *       2, true, true        0        0  Forbidden
     *     3, false, false  382,410  845,420  Acceptable
     */
    /** Two versions of which either may come first: the newer one stays. */
    @JCStressTest
    @Outcome(id = "3, false, false", expect = ACCEPTABLE, desc = "The newer version, disabled, by count and test.")
    @Outcome(id = "2, true, true", expect = FORBIDDEN, desc = "N3: the older version over the newer one.")
    @Outcome(expect = FORBIDDEN, desc = "N3: neither version, or half of one.")
    @State
    public static class TwoVersions {

        private final Subject key = UnderTest.mirroring(0, 1);

        @Actor
        public void older() {
            key.apply(1, 1, 2);
        }

        @Actor
        public void newer() {
            key.apply(0, 1, 3);
        }

        @Arbiter
        public void after(JZZ_Result r) {
            r.r1 = key.mirrored().revision();
            r.r2 = key.count() > 0;
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *              RESULT   JDK 25   JDK 17  EXPECT
     *     false, 3, false        0        0  Forbidden
     *      false, 4, true        0        0  Forbidden
     *      true, 3, false        0        0  Forbidden
     *       true, 4, true  324,410  166,420  Acceptable
     */
    /** An observer of a key to which versions come out of order never sees it going back. */
    @JCStressTest
    @Outcome(id = "true, 4, true", expect = ACCEPTABLE, desc = "Forward only, and the newest stays.")
    @Outcome(
            id = {"false, 3, false", "false, 4, true"},
            expect = FORBIDDEN,
            desc = "N3: the version was seen going back.")
    @Outcome(id = "true, 3, false", expect = FORBIDDEN, desc = "N3: an older version over the newest.")
    @Outcome(expect = FORBIDDEN, desc = "N3: none of the newer versions, or half of one.")
    @State
    public static class NeverBack {

        private final Subject key = UnderTest.mirroring(0, 1);

        @Actor
        public void inOrder() {
            key.apply(1, 1, 2);
            key.apply(1, 1, 4);
        }

        @Actor
        public void outOfOrder(ZJZ_Result r) {
            long before = key.mirrored().revision();
            key.apply(0, 1, 3);
            long between = key.mirrored().revision();
            long last = key.mirrored().revision();
            r.r1 = before <= between && between >= 3 && between <= last;
        }

        @Arbiter
        public void after(ZJZ_Result r) {
            r.r2 = key.mirrored().revision();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *              RESULT   JDK 25   JDK 17  EXPECT
     *     2, false, false  393,210  161,620  Acceptable
     *       9, true, true        0        0  Forbidden
     */
    /** A newer epoch comes before all of an older one, whatever the revisions. */
    @JCStressTest
    @Outcome(id = "2, false, false", expect = ACCEPTABLE, desc = "The newer epoch stays.")
    @Outcome(id = "9, true, true", expect = FORBIDDEN, desc = "N3: a version of an older epoch over one of a newer.")
    @Outcome(expect = FORBIDDEN, desc = "N3: neither version, or half of one.")
    @State
    public static class TwoEpochs {

        private final Subject key = UnderTest.mirroring(1, 5);

        @Actor
        public void olderEpoch() {
            key.apply(1, 1, 9);
        }

        @Actor
        public void newerEpoch() {
            key.apply(0, 2, 2);
        }

        @Arbiter
        public void after(JZZ_Result r) {
            r.r1 = key.mirrored().revision();
            r.r2 = key.count() > 0;
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT   JDK 25   JDK 17  EXPECT
     *     0, true, false        0        0  Forbidden
     *     1, false, true        0        0  Forbidden
     *     2, false, true        0        0  Forbidden
     *     2, true, false  431,410  546,020  Acceptable
     */
    /** Going stale, against an older version: the version stands, and the overlay is not lifted. */
    @JCStressTest
    @Outcome(id = "2, true, false", expect = ACCEPTABLE, desc = "Stale and disabled, with its version.")
    @Outcome(id = "2, false, true", expect = FORBIDDEN, desc = "N3: an older version has lifted staleness.")
    @Outcome(
            id = {"1, false, true", "0, true, false"},
            expect = FORBIDDEN,
            desc = "N3: going stale has lost the version.")
    @Outcome(expect = FORBIDDEN, desc = "N3: none of the states that the two can leave.")
    @State
    public static class StaleAndOlder {

        private final Subject key = UnderTest.mirroring(1, 2);

        @Actor
        public void staleness() {
            key.stale();
        }

        @Actor
        public void older() {
            key.apply(1, 1, 1);
        }

        @Arbiter
        public void after(JZZ_Result r) {
            MirroredState state = key.mirrored();
            r.r1 = state.revision();
            r.r2 = state.stale();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT   JDK 25   JDK 17  EXPECT
     *     0, true, false        0        0  Forbidden
     *     3, false, true  298,161  113,183  Acceptable
     *     3, true, false   95,049   50,037  Acceptable
     */
    /** Going stale, against a newer version: either may come first. */
    @JCStressTest
    @Outcome(id = "3, false, true", expect = ACCEPTABLE, desc = "Stale first: the newer version has lifted it.")
    @Outcome(id = "3, true, false", expect = ACCEPTABLE, desc = "The newer version first, and stale after it.")
    @Outcome(id = "0, true, false", expect = FORBIDDEN, desc = "N3: going stale has lost the newer version.")
    @Outcome(expect = FORBIDDEN, desc = "N3: the newer version was not applied, or the test contradicts the overlay.")
    @State
    public static class StaleAndNewer {

        private final Subject key = UnderTest.mirroring(1, 2);

        @Actor
        public void staleness() {
            key.stale();
        }

        @Actor
        public void newer() {
            key.apply(1, 1, 3);
        }

        @Arbiter
        public void after(JZZ_Result r) {
            MirroredState state = key.mirrored();
            r.r1 = state.revision();
            r.r2 = state.stale();
            r.r3 = key.isEnabled();
        }
    }
}
