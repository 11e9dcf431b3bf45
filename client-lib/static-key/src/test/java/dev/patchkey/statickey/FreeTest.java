package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.ModelSite.Phase;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N4",
        text =
                "Free: after warm-up a check compiles to a constant, on and off, takes no lock, allocates nothing; here, as"
                        + " far as its folding is correct")
class FreeTest {

    private static final StaticKey HOT = StaticKey.of("free.hot");
    private static final StaticCall<Integer> HOT_CALL = HOT.select(1, 2);

    private static final Duration LONG = Duration.ofSeconds(Actor.PATIENCE_SECONDS);

    private static volatile int path;

    @Test
    void aHotLoopOverAConstantKeyNoticesEveryFlip() {
        AtomicInteger stop = new AtomicInteger();
        Actor loop = Actor.start("hot loop", () -> {
            while (stop.getPlain() == 0) {
                path = HOT.isEnabled() ? HOT_CALL.get() : -1;
                if (path < 0 && stop.getOpaque() != 0) {
                    return;
                }
            }
        });
        awaitPath(-1);
        for (int flip = 0; flip < 20; flip++) {
            Actor.sleepMillis(5); // for the loop to be compiled again
            try (Enablement enablement = HOT.enable()) {
                awaitPath(2);
                assertThat(enablement.key().isEnabled()).isTrue();
            }
            awaitPath(-1);
        }
        stop.set(1);
        loop.finish();
    }

    @Test
    void aHotLoopOverAKeyThatIsNoConstantNoticesAFlip() {
        notices(VolatileSite::new, LONG);
    }

    @Test
    void theCheckerCatchesACallSiteWhoseReadIsHoisted() {
        Check.catches(site -> notices(site, Duration.ofSeconds(1)), (Site.Factory) HoistedSite::new, "did not notice");
    }

    @Test
    void aTestTakesNoLock() {
        Check.holds(FreeTest::testsWithoutWaiting);
    }

    @Test
    void theCheckerCatchesATestThatTakesTheLock() {
        Check.catches(FreeTest::testsWithoutWaiting, Broken.LocksItsTest::new, "a test waited");
    }

    private static void awaitPath(int expected) {
        long deadline =
                System.nanoTime() + Duration.ofSeconds(Actor.PATIENCE_SECONDS).toNanos();
        while (path != expected && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(path).as("the path that the hot loop takes").isEqualTo(expected);
    }

    private static void notices(Site.Factory site, Duration within) {
        Subject key = Subject.ours(site, 0);
        AtomicBoolean turning = new AtomicBoolean();
        Actor loop = Actor.start("hot loop", () -> {
            turning.set(!key.isEnabled());
            while (!key.isEnabled()) {
                // as hot as can be: nothing here that makes the compiler read again
            }
        });
        Awaitility.await().untilTrue(turning);
        Actor.sleepMillis(300); // for the loop to be compiled
        key.increment();
        assertThat(loop.endsWithin(within)).as("the loop did not notice").isTrue();
    }

    private static void testsWithoutWaiting(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        Gate gate = new Gate(Phase.STORED, Targets.SLOW);
        site.listen(gate);
        Actor enabling = Actor.start("enabling", key::increment);
        gate.awaitReached();
        Actor testing = Actor.start("testing", () -> {
            assertThat(key.isEnabled()).isFalse();
            assertThat(key.count()).isZero();
        });
        boolean waited = !testing.endsWithoutWaiting();
        gate.open();
        enabling.finish();
        assertThat(waited).as("a test waited for a rebind").isFalse();
        testing.finish();
    }

    /**
     * A call site that each thread reads once: what C2 may make of the plain read of a MutableCallSite that is no
     * constant, by hoisting it out of a loop.
     */
    private static final class HoistedSite implements Site {

        private volatile MethodHandle target;
        private final ThreadLocal<MethodHandle> read = ThreadLocal.withInitial(() -> target);

        HoistedSite(MethodHandle target) {
            this.target = target;
        }

        @Override
        public MethodHandle target() {
            return read.get();
        }

        @Override
        public void retarget(MethodHandle newTarget) {
            target = newTarget;
        }
    }
}
