package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZZ_Result;

/** N2, waiters wait for the rebind, not for the number: what returns from a change finds it done, by test and site. */
public class WaitersWaitStress {

    private WaitersWaitStress() {}

    /*
     * Observed, complete effort, call sites:
     *
     *                       RESULT     JDK 25     JDK 17  EXPECT
     *     true, true, false, false          0          0  Forbidden
     *      true, true, false, true          0          0  Forbidden
     *      true, true, true, false          0          0  Forbidden
     *       true, true, true, true  1,050,410  1,879,420  Acceptable
     */
    /**
     * The answer to a request carries a revision that the stream is just applying: two threads apply the same version,
     * and each looks after its own apply at its test, and at whether the site is in the free target that goes with it.
     */
    @JCStressTest
    @Outcome(id = "true, true, true, true", expect = ACCEPTABLE, desc = "Both return when all is rebound.")
    @Outcome(
            id = {"true, true, false, false", "true, true, false, true"},
            expect = FORBIDDEN,
            desc = "N2: the answer's apply has returned, and the test after it says disabled.")
    @Outcome(
            id = "true, true, true, false",
            expect = FORBIDDEN,
            desc = "N2: the answer's apply has returned while the rebind is in progress.")
    @Outcome(expect = FORBIDDEN, desc = "N2: the stream's apply has returned while the rebind is in progress.")
    @State
    public static class SameVersionTwice {

        private final UnderTest.KeyAndSite made = UnderTest.keyAndSite(0);
        private final Subject key = made.key();

        public SameVersionTwice() {
            key.apply(0, 1, 1);
        }

        @Actor
        public void stream(ZZZZ_Result r) {
            key.apply(1, 1, 2);
            r.r1 = key.isEnabled();
            r.r2 = made.target() == Targets.ON;
        }

        @Actor
        public void answer(ZZZZ_Result r) {
            for (int look = 0;
                    look < EnabledMeansReboundStress.LOOKS && key.mirrored().revision() < 2;
                    look++) {
                Thread.onSpinWait(); // until the key says that it has the version
            }
            key.apply(1, 1, 2);
            r.r3 = key.isEnabled();
            r.r4 = made.target() == Targets.ON;
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                      RESULT   JDK 25   JDK 17  EXPECT
     *     true, true, false, true    1,311    1,687  Acceptable
     *     true, true, true, false        0        0  Forbidden
     *      true, true, true, true  254,299  929,933  Acceptable
     */
    /** The same of an answer that carries a version older than the last, and meets the sentinel of the next. */
    @JCStressTest
    @Outcome(id = "true, true, true, true", expect = ACCEPTABLE, desc = "The older one returns when all is rebound.")
    @Outcome(id = "true, true, false, true", expect = ACCEPTABLE, desc = "No rebind was met while it was looked for.")
    @Outcome(
            id = "true, true, true, false",
            expect = FORBIDDEN,
            desc = "N2: an apply that was not newer has returned while the rebind is in progress.")
    @Outcome(expect = FORBIDDEN, desc = "N2: the stream's apply has returned while the rebind is in progress.")
    @State
    public static class OlderVersionMeetsNewer {

        private final UnderTest.KeyAndSite made = UnderTest.keyAndSite(0);
        private final Subject key = made.key();

        public OlderVersionMeetsNewer() {
            key.apply(0, 1, 2);
        }

        @Actor
        public void stream(ZZZZ_Result r) {
            key.apply(1, 1, 3);
            r.r1 = key.isEnabled();
            r.r2 = made.target() == Targets.ON;
        }

        @Actor
        public void answer(ZZZZ_Result r) {
            for (int look = 0; look < EnabledMeansReboundStress.LOOKS && made.target() == Targets.OFF; look++) {
                Thread.onSpinWait(); // until the stream's rebind has begun
            }
            boolean met = made.target() != Targets.OFF;
            key.apply(1, 1, 1);
            r.r3 = met;
            r.r4 = !met || (key.isEnabled() && made.target() == Targets.ON);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                       RESULT   JDK 25   JDK 17  EXPECT
     *      true, false, true, true        0        2  Acceptable
     *     true, true, false, false        0        0  Forbidden
     *      true, true, false, true        0        0  Forbidden
     *      true, true, true, false   10,684   95,621  Acceptable
     *       true, true, true, true  325,926  620,597  Acceptable
     */
    /** An enable that meets the sentinel. */
    @JCStressTest
    @Outcome(id = "true, true, true, true", expect = ACCEPTABLE, desc = "Both find the key enabled.")
    @Outcome(
            id = "true, false, true, true",
            expect = ACCEPTABLE,
            desc = "The first has met what the second published, before the second's rebind to ON.")
    @Outcome(
            id = "true, true, true, false",
            expect = ACCEPTABLE,
            desc = "The second has met what the first published, before the first's rebind to ON.")
    @Outcome(
            id = {"true, true, false, false", "true, true, false, true"},
            expect = FORBIDDEN,
            desc = "N2: the second enable has returned, and the test after it says disabled.")
    @Outcome(expect = FORBIDDEN, desc = "N2: an enable has returned before all tests were rebound.")
    @State
    public static class SentinelMet {

        private final UnderTest.KeyAndSite made = UnderTest.keyAndSite(0);
        private final Subject key = made.key();

        @Actor
        public void first(ZZZZ_Result r) {
            key.increment();
            r.r1 = key.isEnabled();
            r.r2 = made.target() == Targets.ON;
        }

        @Actor
        public void second(ZZZZ_Result r) {
            for (int look = 0; look < EnabledMeansReboundStress.LOOKS && key.word() == 0; look++) {
                Thread.onSpinWait(); // until the first has left its sentinel
            }
            key.increment();
            r.r3 = key.isEnabled();
            r.r4 = made.target() == Targets.ON;
        }
    }
}
