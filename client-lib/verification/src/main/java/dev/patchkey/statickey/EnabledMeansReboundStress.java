package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

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

    /*
     * Observed, bounded effort, call sites:
     *
     *         RESULT  JDK 25  JDK 17  EXPECT
     *     true, true   7,061  14,722  Acceptable
     */
    /** The program in which the kernel's bug was found: two threads enable, and each tests after its own enable. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Each finds enabled what it has enabled.")
    @Outcome(expect = FORBIDDEN, desc = "N1 and N2: an enable has returned, and a test after it says disabled.")
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
     * Observed, bounded effort, call sites:
     *
     *                  RESULT  JDK 25  JDK 17  EXPECT
     *     false, false, false     440   1,773  Acceptable
     *      false, false, true       0       0  Interesting
     *       false, true, true       0       1  Acceptable
     *        true, true, true   6,621  12,948  Acceptable
     */
    /** A count that shows the key enabled, and the tests after it. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by the count, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(expect = FORBIDDEN, desc = "N1: the count has shown the key enabled, and a test after it says disabled.")
    @State
    public static class SeenByCount {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void enabler() {
            key.increment();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = key.count() > 0;
            }
            r.r1 = seen;
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, bounded effort, call sites:
     *
     *                  RESULT  JDK 25  JDK 17  EXPECT
     *     false, false, false   1,510   2,814  Acceptable
     *      false, false, true       1       1  Interesting
     *       false, true, true       1       0  Acceptable
     *        true, true, true   6,349  36,307  Acceptable
     */
    /** The same of a mirrored key: a mirror that publishes the count before the rebind. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by the count, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(expect = FORBIDDEN, desc = "N1: the count has shown the key enabled, and a test after it says disabled.")
    @State
    public static class AppliedSeenByCount {

        private final Subject key = UnderTest.mirroring(0, 1);

        @Actor
        public void mirror() {
            key.apply(1, 1, 2);
        }

        @Actor
        public void observer(ZZZ_Result r) {
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = key.count() > 0;
            }
            r.r1 = seen;
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, bounded effort, call sites:
     *
     *                  RESULT  JDK 25  JDK 17  EXPECT
     *     false, false, false   1,470   1,906  Acceptable
     *      false, false, true       1       1  Interesting
     *       false, true, true       0       0  Acceptable
     *        true, true, true   5,590  14,015  Acceptable
     */
    /** A test that shows the key enabled, and the count and the test after it. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Seen enabled by a test, and enabled for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(expect = FORBIDDEN, desc = "N1: a test has shown the key enabled, and its count or a test later does not.")
    @State
    public static class SeenByTest {

        private final Subject key = UnderTest.key(0);

        @Actor
        public void enabler() {
            key.increment();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = key.isEnabled();
            }
            r.r1 = seen;
            r.r2 = key.count() > 0;
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, bounded effort, call sites:
     *
     *                  RESULT  JDK 25  JDK 17  EXPECT
     *     false, false, false       0       1  Acceptable
     *      false, true, false       0       1  Interesting
     *       false, true, true   1,445   2,986  Acceptable
     *      true, false, false   5,816  23,134  Acceptable
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
    @Outcome(expect = FORBIDDEN, desc = "N1: the count has shown the key disabled, and a test after it says enabled.")
    @State
    public static class SeenDisabled {

        private final Subject key = UnderTest.key(1);

        @Actor
        public void disabler() {
            key.decrement();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = key.count() == 0;
            }
            r.r1 = seen;
            r.r2 = key.isEnabled();
            r.r3 = key.isEnabled();
        }
    }

    /*
     * Observed, bounded effort, call sites:
     *
     *           RESULT  JDK 25  JDK 17  EXPECT
     *     false, false   1,225   2,570  Acceptable
     *      false, true       0       1  Acceptable
     *       true, true   6,036  15,551  Acceptable
     */
    /** What a preparation makes is there for whoever sees the key enabled: the null pointer of the guarded code. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Enabled, and the guarded code has its resource.")
    @Outcome(
            id = {"false, false", "false, true"},
            expect = ACCEPTABLE,
            desc = "Not seen enabled while it was looked at.")
    @Outcome(expect = FORBIDDEN, desc = "N1: the key is enabled, and what the preparation makes is not there.")
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
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = key.isEnabled();
            }
            r.r1 = seen;
            r.r2 = resource != null;
        }
    }

    /*
     * Observed, bounded effort, call sites:
     *
     *                  RESULT  JDK 25  JDK 17  EXPECT
     *     false, false, false   1,209   2,841  Acceptable
     *      false, false, true       0       0  Interesting
     *       false, true, true       0       0  Acceptable
     *        true, true, true   5,852  13,481  Acceptable
     */
    /** A static call and its key's test never contradict each other. The key itself only: variants have no calls. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Switched, and so is the test, for good.")
    @Outcome(
            id = {"false, false, false", "false, true, true"},
            expect = ACCEPTABLE,
            desc = "Not seen switched while it was looked at.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Enabled between the last two looks.")
    @Outcome(expect = FORBIDDEN, desc = "N1: a static call has switched, and its key's test or a later call has not.")
    @State
    public static class StaticCallAndTest {

        private final StaticKey key = StaticKey.detached("stressed");
        private final StaticCall<Boolean> call = key.select(false, true);

        @Actor
        @SuppressWarnings("resource") // stays enabled
        public void enabler() {
            key.enable();
        }

        @Actor
        public void observer(ZZZ_Result r) {
            boolean seen = false;
            for (int look = 0; look < LOOKS && !seen; look++) {
                seen = call.get();
            }
            r.r1 = seen;
            r.r2 = key.isEnabled();
            r.r3 = call.get();
        }
    }
}
