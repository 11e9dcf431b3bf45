package dev.patchkey.statickey;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * N1 in compiled code into which the target is folded.
 *
 * <p>A key folds if it is a constant, and jcstress makes a state for each sample; so all samples of a JVM share one key
 * that is never new. One actor takes it across an edge now and then, seldom enough for the other's code to be compiled
 * again in between. The other looks twice, first in a way that is not folded and then by the folded test, and judges the
 * pair only if no edge the other way was in progress meanwhile: then it would be legal for the two to differ.
 */
public class FoldedStress {

    /** Between edges: for the JIT to fold the target into the observer's code again. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private FoldedStress() {}

    /** Takes the key from one side to the other, and says how often that has begun and ended. */
    private static final class Edges {

        private final Subject key;
        private volatile long begunUp;
        private volatile long endedUp;
        private volatile long begunDown;
        private volatile long endedDown;
        private long next = System.nanoTime();

        Edges(Subject key) {
            this.key = key;
        }

        /** One more edge, if it is time. One thread at a time. */
        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time
        void step() {
            if (System.nanoTime() - next < 0) {
                return;
            }
            if (begunUp == begunDown) {
                begunUp++;
                key.increment();
                endedUp++;
            } else {
                begunDown++;
                key.decrement();
                endedDown++;
            }
            next = System.nanoTime() + PAUSE_NANOS;
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *           RESULT     JDK 25     JDK 17  EXPECT
     *     false, false  1,110,426  2,421,939  Acceptable
     *      false, true          0          0  Forbidden
     *      true, false          0          0  Forbidden
     *       true, true  1,537,676  2,567,065  Acceptable
     */
    /** A test that is not folded, and after it one that is. */
    @JCStressTest
    @Outcome(
            id = {"true, true", "false, false"},
            expect = ACCEPTABLE,
            desc = "Both say the same, or an edge came between.")
    @Outcome(
            id = "true, false",
            expect = FORBIDDEN,
            desc = "N1: seen enabled by one test, and disabled by a later one.")
    @Outcome(
            id = "false, true",
            expect = FORBIDDEN,
            desc = "N1: seen disabled by one test, and enabled by a later one.")
    @State
    public static class TestThenFoldedTest {

        private static final UnderTest.KeyAndSite KEY = UnderTest.keyAndSite(0);
        private static final Edges EDGES = new Edges(KEY.key());

        /** The same key, but no constant. */
        private static volatile UnderTest.KeyAndSite unfolded = KEY;

        @Actor
        public void edges() {
            EDGES.step();
        }

        @Actor
        public void observer(ZZ_Result r) {
            long up = EDGES.endedUp;
            long down = EDGES.endedDown;
            boolean first = unfolded.isEnabled();
            boolean second = KEY.isEnabled();
            boolean judged = first ? down == EDGES.begunDown : up == EDGES.begunUp;
            r.r1 = judged ? first : second;
            r.r2 = second;
        }
    }

    /*
     * Observed, complete effort, call sites:
     *
     *           RESULT     JDK 25       JDK 17  EXPECT
     *     false, false  6,090,452  113,204,603  Acceptable
     *      false, true          0            0  Forbidden
     *      true, false          0            0  Forbidden
     *       true, true  7,831,890  116,398,801  Acceptable
     */
    /** The count, and after it a folded test. */
    @JCStressTest
    @Outcome(
            id = {"true, true", "false, false"},
            expect = ACCEPTABLE,
            desc = "Both say the same, or an edge came between.")
    @Outcome(
            id = "true, false",
            expect = FORBIDDEN,
            desc = "N1: seen enabled by the count, and disabled by a later test.")
    @Outcome(
            id = "false, true",
            expect = FORBIDDEN,
            desc = "N1: seen disabled by the count, and enabled by a later test.")
    @State
    public static class CountThenFoldedTest {

        private static final UnderTest.KeyAndSite KEY = UnderTest.keyAndSite(0);
        private static final Edges EDGES = new Edges(KEY.key());

        @Actor
        public void edges() {
            EDGES.step();
        }

        @Actor
        public void observer(ZZ_Result r) {
            long up = EDGES.endedUp;
            long down = EDGES.endedDown;
            boolean first = KEY.key().count() > 0;
            boolean second = KEY.isEnabled();
            boolean judged = first ? down == EDGES.begunDown : up == EDGES.begunUp;
            r.r1 = judged ? first : second;
            r.r2 = second;
        }
    }
}
