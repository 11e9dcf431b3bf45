package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IZ_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** N5, balanced: no reference is lost, none is given back twice, and the count is never negative and never wraps. */
public class BalancedStress {

    /** How many times a reference is taken and given back during an edge down: for longer than that takes. */
    private static final int PAIRS = 5_000;

    private BalancedStress() {}

    /** Whether this reference could be given back. */
    private static boolean givesBack(Subject key) {
        try {
            key.decrement();
            return true;
        } catch (IllegalStateException refused) {
            return false;
        }
    }

    /** The count, if the test agrees with it. */
    private static int countAndTest(Subject key) {
        return key.isEnabled() == key.word() > 0 ? key.word() : Integer.MIN_VALUE;
    }

    /** Whether another reference could be taken. */
    private static boolean takes(Subject key) {
        try {
            key.increment();
            return true;
        } catch (MaximumCountException refused) {
            return false;
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *            RESULT  JDK 25   JDK 17  EXPECT
     *     true, true, 0       0        0  Forbidden
     *     true, true, 1  85,610  185,220  Acceptable
     *     true, true, 2       0        0  Forbidden
     */
    /** 1 to 0 against 1 to 2: the last reference is given back while another is taken. */
    @JCStressTest
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "One taken and one given back of one.")
    @Outcome(id = "true, true, 2", expect = FORBIDDEN, desc = "N5: the one was not given back.")
    @Outcome(id = "true, true, 0", expect = FORBIDDEN, desc = "N5: the one taken meanwhile was lost.")
    @Outcome(expect = FORBIDDEN, desc = "N5: one was refused, or the test contradicts the count.")
    @State
    public static class EnableAndClose {

        private final UnderTest.KeyAndSite made = UnderTest.keyAndSite(1);
        private final Subject key = made.key();

        @Actor
        public void closer(ZZI_Result r) {
            r.r1 = givesBack(key);
        }

        @Actor
        public void enabler(ZZI_Result r) {
            for (int look = 0; look < EnabledMeansReboundStress.LOOKS && made.target() == Targets.ON; look++) {
                Thread.onSpinWait(); // until the edge down has begun
            }
            r.r2 = takes(key);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT   JDK 25     JDK 17  EXPECT
     *     false, true, 1        0          0  Forbidden
     *      true, true, 0  737,610  1,190,820  Acceptable
     */
    /** 1 to 0 against a thread that takes and gives back one reference after another: 1 to 2 and 2 to 1. */
    @JCStressTest
    @Outcome(id = "true, true, 0", expect = ACCEPTABLE, desc = "All that was taken was given back.")
    @Outcome(id = "false, true, 1", expect = FORBIDDEN, desc = "N5: a reference that is held could not be given back.")
    @Outcome(expect = FORBIDDEN, desc = "N5: a reference was lost, or not given back.")
    @State
    public static class CloseAndMany {

        private final Subject key = UnderTest.key(1);
        private volatile boolean closed;

        @Actor
        public void closer(ZZI_Result r) {
            r.r1 = givesBack(key);
            closed = true;
        }

        @Actor
        public void many(ZZI_Result r) {
            boolean balanced = true;
            for (int pair = 0; pair < PAIRS && balanced && !closed; pair++) {
                balanced = takes(key) && givesBack(key);
            }
            r.r2 = balanced;
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT     JDK 25     JDK 17  EXPECT
     *     false, true, 0          0          0  Forbidden
     *     true, false, 0          0          0  Forbidden
     *      true, true, 0          0          0  Forbidden
     *      true, true, 1  1,937,210  6,571,020  Acceptable
     */
    /** Two of three references are given back at once. */
    @JCStressTest
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Two given back of three.")
    @Outcome(
            id = {"true, true, 0", "true, false, 0", "false, true, 0"},
            expect = FORBIDDEN,
            desc = "N5: one was given back twice.")
    @Outcome(expect = FORBIDDEN, desc = "N5: one was not given back, or the test contradicts the count.")
    @State
    public static class TwoOfThreeClosed {

        private final Subject key = UnderTest.key(3);

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = givesBack(key);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = givesBack(key);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT  JDK 25   JDK 17  EXPECT
     *     false, true, 0  18,300  318,506  Acceptable
     *     true, false, 0  68,710  428,914  Acceptable
     *     true, true, -1       0        0  Forbidden
     */
    /** One reference, and two that give it back: one is refused. */
    @JCStressTest
    @Outcome(
            id = {"true, false, 0", "false, true, 0"},
            expect = ACCEPTABLE,
            desc = "One has given it back, and the other was refused.")
    @Outcome(id = "true, true, -1", expect = FORBIDDEN, desc = "N5: one was let through at 0.")
    @Outcome(expect = FORBIDDEN, desc = "N5: both or none were let through, or the test contradicts the count.")
    @State
    public static class OneClosedTwice {

        private final Subject key = UnderTest.key(1);

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = givesBack(key);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = givesBack(key);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *             RESULT   JDK 25   JDK 17  EXPECT
     *     true, false, 1      327      909  Acceptable
     *      true, true, 0  330,083  687,311  Acceptable
     *      true, true, 1        0        0  Forbidden
     */
    /** A decrement without a reference, against the first enable: it may meet 0, the sentinel, or 1. */
    @JCStressTest
    @Outcome(id = "true, false, 1", expect = ACCEPTABLE, desc = "It came first, and was refused.")
    @Outcome(id = "true, true, 0", expect = ACCEPTABLE, desc = "It came second, and took what was there.")
    @Outcome(
            id = "true, true, 1",
            expect = FORBIDDEN,
            desc = "N5: it was let through at 0 or at the sentinel, where there is nothing to give back.")
    @Outcome(expect = FORBIDDEN, desc = "N5: the enable was refused or lost, or the test contradicts the count.")
    @State
    public static class CloseMeetsSentinel {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void enabler(ZZI_Result r) {
            r.r1 = takes(key);
        }

        @Actor
        public void closer(ZZI_Result r) {
            for (int look = 0; look < EnabledMeansReboundStress.LOOKS && key.word() == 0; look++) {
                Thread.onSpinWait(); // until the sentinel is there
            }
            r.r2 = givesBack(key);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                      RESULT     JDK 25     JDK 17  EXPECT
     *     false, true, 2147483647  2,148,554  1,522,606  Acceptable
     *     true, false, 2147483647  2,238,456  1,622,814  Acceptable
     *     true, true, -2147483648          0          0  Forbidden
     */
    /** Room for one more reference, and two that want it. */
    @JCStressTest
    @Outcome(
            id = {"true, false, 2147483647", "false, true, 2147483647"},
            expect = ACCEPTABLE,
            desc = "One got it, and the other was refused.")
    @Outcome(id = "true, true, " + Integer.MIN_VALUE, expect = FORBIDDEN, desc = "N5: the count has wrapped.")
    @Outcome(expect = FORBIDDEN, desc = "N5: a refused enable has changed the count, or both were refused.")
    @State
    public static class AtTheMaximum {

        private final Subject key = UnderTest.key(Integer.MAX_VALUE - 1);

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = takes(key);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = takes(key);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = countAndTest(key);
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *       RESULT   JDK 25   JDK 17  EXPECT
     *     0, false        0        0  Forbidden
     *      1, true  325,210  360,020  Acceptable
     */
    /** One enablement of two, closed by two threads. */
    @JCStressTest
    @Outcome(id = "1, true", expect = ACCEPTABLE, desc = "Closed once.")
    @Outcome(id = "0, false", expect = FORBIDDEN, desc = "N5: closed twice, and what was kept is gone.")
    @Outcome(expect = FORBIDDEN, desc = "N5: not closed, or the test contradicts the count.")
    @State
    public static class EnablementClosedTwice {

        private final FoldedKey key = UnderTest.ours(2).key();
        private final Runnable close = UnderTest.closing(key);

        @Actor
        public void first() {
            close.run();
        }

        @Actor
        public void second() {
            close.run();
        }

        @Arbiter
        public void after(IZ_Result r) {
            r.r1 = key.count();
            r.r2 = key.isEnabled();
        }
    }
}
