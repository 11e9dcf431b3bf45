package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** N1, enabled means rebound: whatever has shown a key enabled, every later test finds it enabled. */
public class EnabledMeansReboundStress {

    /** How often an observer looks for a change: for longer than an edge takes. */
    static final int LOOKS = 20_000;

    private EnabledMeansReboundStress() {}

    /** Looks until this is so, though no more than {@link #LOOKS} times; whether it was. */
    private static boolean sees(BooleanSupplier what) {
        for (int look = 0; look < LOOKS; look++) {
            if (what.getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    /*
     * Observed, complete effort, call sites:
     *
     *          RESULT   JDK 25   JDK 17  EXPECT
     *     false, true        0        0  Forbidden
     *     true, false        0        0  Forbidden
     *      true, true  230,210  213,220  Acceptable
     */
    /** The program in which the kernel's bug was found: two threads enable, and each tests after its own enable. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Each finds enabled what it has enabled.")
    @Outcome(
            id = {"true, false", "false, true"},
            expect = FORBIDDEN,
            desc = "N1 and N2: the enable that came second has returned, and the test after it says disabled.")
    @Outcome(expect = FORBIDDEN, desc = "N1 and N2: both have returned, and the tests say disabled.")
    @State
    public static class TwoEnablers {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void first(ZZ_Result r) {
            key.increment();
            r.r1 = key.isEnabled();
        }

        @Actor
        public void second(ZZ_Result r) {
            key.increment();
            r.r2 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                  RESULT   JDK 25   JDK 17  EXPECT
     *     false, false, false   12,507   17,926  Acceptable
     *      false, false, true        6        6  Interesting
     *       false, true, true        0        5  Acceptable
     *      true, false, false        0        0  Forbidden
     *       true, false, true        0        0  Forbidden
     *        true, true, true  130,897  255,483  Acceptable
     */
    /** A count that shows the key enabled, and the tests after it. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by the count, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(
            id = {"true, false, true", "true, false, false"},
            expect = FORBIDDEN,
            desc = "N1: the count has shown the key enabled, and the test after it says disabled.")
    @Outcome(expect = FORBIDDEN, desc = "N1: a test has shown the key enabled, and the one after it says disabled.")
    @State
    public static class SeenByCount {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void enabler() {
            key.increment();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            r.r1 = sees(() -> key.count() > 0);
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                  RESULT   JDK 25     JDK 17  EXPECT
     *     false, false, false   10,977      9,152  Acceptable
     *      false, false, true        3         13  Interesting
     *       false, true, true        3         11  Acceptable
     *      true, false, false        0          0  Forbidden
     *       true, false, true        0          0  Forbidden
     *        true, true, true  208,627  3,766,244  Acceptable
     */
    /** The same of a mirrored key: a mirror that publishes the count before the rebind. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by the count, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(
            id = {"true, false, true", "true, false, false"},
            expect = FORBIDDEN,
            desc = "N1: the count has shown the key enabled, and the test after it says disabled.")
    @Outcome(expect = FORBIDDEN, desc = "N1: a test has shown the key enabled, and the one after it says disabled.")
    @State
    public static class AppliedSeenByCount {

        private final Subject key = UnderTest.mirroring(0, 1);

        @Actor
        public void mirror() {
            key.apply(1, 1, 2);
        }

        @Actor
        public void observer(ZZZ_Result r) {
            r.r1 = sees(() -> key.count() > 0);
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                  RESULT     JDK 25   JDK 17  EXPECT
     *     false, false, false      8,499   22,221  Acceptable
     *      false, false, true          2        0  Interesting
     *       false, true, true          4        3  Acceptable
     *       true, false, true          0        0  Forbidden
     *        true, true, true  2,693,905  555,996  Acceptable
     */
    /** A test that shows the key enabled, and the count and the test after it. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by a test, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(
            id = "true, false, true",
            expect = FORBIDDEN,
            desc = "N1: a test has shown the key enabled, and the count after it is 0.")
    @Outcome(expect = FORBIDDEN, desc = "N1: it was seen enabled, and a test after that says disabled.")
    @State
    public static class SeenByTest {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void enabler() {
            key.increment();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            r.r1 = sees(key::isEnabled);
            r.r2 = key.count() > 0;
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                  RESULT   JDK 25     JDK 17  EXPECT
     *     false, false, false        3          7  Acceptable
     *      false, true, false        5          9  Interesting
     *       false, true, true   10,085      9,714  Acceptable
     *      true, false, false  105,717  4,421,090  Acceptable
     *       true, true, false        0          0  Forbidden
     *        true, true, true        0          0  Forbidden
     */
    /** The other way round: a count that shows the key disabled, and the tests after it. */
    @JCStressTest
    @Outcome(
            id = "true, false, false",
            expect = ACCEPTABLE,
            desc = "Seen disabled by the count, and disabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen disabled while it was looked at.")
    @Outcome(id = "false, true, false", expect = ACCEPTABLE_INTERESTING, desc = "Disabled between the last two looks.")
    @Outcome(
            id = {"true, true, false", "true, true, true"},
            expect = FORBIDDEN,
            desc = "N1: the count has shown the key disabled, and the test after it says enabled.")
    @Outcome(expect = FORBIDDEN, desc = "N1: a test has shown the key disabled, and the one after it says enabled.")
    @State
    public static class SeenDisabled {

        private final Subject key = UnderTest.key(1);

        @Actor
        public void disabler() {
            key.decrement();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            r.r1 = sees(() -> key.count() == 0);
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *           RESULT     JDK 25     JDK 17  EXPECT
     *     false, false      3,872     16,306  Acceptable
     *      false, true         27         54  Acceptable
     *      true, false          0          0  Forbidden
     *       true, true  3,061,911  1,166,460  Acceptable
     */
    /** What a preparation makes is there for whoever sees the key enabled: the null pointer of the guarded code. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Enabled, and the guarded code has its resource.")
    @Outcome(
            id = {"false, false", "false, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(
            id = "true, false",
            expect = FORBIDDEN,
            desc = "N1: the key is enabled, and what the preparation makes is not there.")
    @State
    public static class Prepared {

        private final Subject key = UnderTest.key(0);
        private @Nullable Object resource;

        public Prepared() {
            key.beforeEnable(() -> resource = key);
        }

        @Actor
        public void enabler() {
            key.increment();
        }

        @Actor
        public void guarded(ZZ_Result r) {
            r.r1 = sees(key::isEnabled);
            r.r2 = resource != null;
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *                  RESULT     JDK 25     JDK 17  EXPECT
     *     false, false, false      2,712     21,992  Acceptable
     *      false, false, true          2          8  Interesting
     *       false, true, true          5         14  Acceptable
     *       true, false, true          0          0  Forbidden
     *        true, true, true  4,136,291  1,270,206  Acceptable
     */
    /** A static call and its key's test never contradict each other. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Enabled, and the call has switched, for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(
            id = "true, false, true",
            expect = FORBIDDEN,
            desc = "N1: the key's test says enabled, and its static call after that has not switched.")
    @Outcome(expect = FORBIDDEN, desc = "N1: the test or the call went back.")
    @State
    public static class StaticCallAndTest {

        private final KeyWithCall made = UnderTest.keyWithCall();

        @Actor
        public void enabler() {
            made.increment().run();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            r.r1 = sees(made.test());
            r.r2 = made.call().getAsBoolean();
            r.r3 = made.test().getAsBoolean();
        }
    }
}
