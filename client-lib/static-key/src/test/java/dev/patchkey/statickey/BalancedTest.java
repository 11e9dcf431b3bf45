package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.ModelSite.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N5",
        text = "Balanced: the local count is never negative, never wraps; enabling at the maximum is a typed error that"
                + " changes nothing; closing twice is a no-op")
class BalancedTest {

    /** Makes references to a key, with whatever it takes to give one back. */
    @FunctionalInterface
    interface Closing extends Function<Subject, AutoCloseable> {}

    @Test
    void enablingAtTheMaximumChangesNothing() {
        Check.holds(BalancedTest::refusesAtMaximum);
    }

    @Test
    void theCheckerCatchesACountThatWraps() {
        Check.catches(BalancedTest::refusesAtMaximum, Broken.Wraps::new, "enabling at the maximum");
    }

    @Test
    void theLastDecrementDisablesEveryTest() {
        Check.holds(BalancedTest::disablesAtZero);
    }

    @Test
    void theCheckerCatchesAFastDecrementFromOne() {
        Check.catches(BalancedTest::disablesAtZero, Broken.DecrementsFastFromOne::new, "after the last decrement");
    }

    @Test
    void aDecrementAtZeroIsRefused() {
        Check.holds(BalancedTest::refusesAtZero);
    }

    @Test
    void aDecrementThatMeetsTheSentinelWaits() {
        Check.holds(BalancedTest::waitsAtSentinel);
    }

    @Test
    void theCheckerCatchesAFastDecrementUnlessFromOne() {
        Check.catches(BalancedTest::refusesAtZero, Broken.DecrementsFastUnlessOne::new, "a decrement at 0");
        Check.catches(BalancedTest::waitsAtSentinel, Broken.DecrementsFastUnlessOne::new, "the sentinel");
    }

    @Test
    void anIncrementDuringAnEdgeDownIsCounted() {
        Check.holds(BalancedTest::countsDuringEdgeDown);
    }

    @Test
    void theCheckerCatchesAnEdgeDownThatStoresZero() {
        Check.catches(BalancedTest::countsDuringEdgeDown, Broken.StoresZero::new, "the reference taken meanwhile");
    }

    @Test
    void theCheckerCatchesAnEdgeDownThatTakesAnyCountForOne() {
        Check.catches(
                BalancedTest::countsDuringEdgeDown, Broken.TakesAnyCountForOne::new, "the reference taken meanwhile");
    }

    @Test
    void aDecrementAboveOneGivesBackOneReference() {
        Check.holds(BalancedTest::givesBackOne);
    }

    @Test
    void theCheckerCatchesADecrementThatIsDoneTwice() {
        Check.catches(BalancedTest::givesBackOne, Broken.DecrementsTwice::new, "after one decrement of three");
    }

    @Test
    void manyThreadsThatBalanceEndAtZero() {
        Check.holds(BalancedTest::balances);
    }

    @Test
    void closingTwiceIsANoOp() {
        closesOnce(BalancedTest::ourEnablement);
    }

    @Test
    void theCheckerCatchesAnEnablementThatClosesTwice() {
        Check.catches(BalancedTest::closesOnce, (Closing) key -> key::decrement, "closed twice");
    }

    @Test
    void closingFromManyThreadsAtOnceClosesOnce() {
        closesOnceAmongThreads(BalancedTest::ourEnablement);
    }

    @Test
    void theCheckerCatchesAnEnablementThatChecksAndThenActs() {
        Check.catches(BalancedTest::closesOnceAmongThreads, (Closing) ChecksThenActs::new, "threads at once");
    }

    private static AutoCloseable ourEnablement(Subject key) {
        FoldedKey ours = ((OurKey) key).key();
        return new Enablement(ours);
    }

    private static void refusesAtMaximum(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, Integer.MAX_VALUE);
        assertThat(catchThrowable(key::increment))
                .as("enabling at the maximum")
                .isInstanceOf(MaximumCountException.class);
        assertThat(key.count()).isEqualTo(Integer.MAX_VALUE);
        assertThat(key.agreed("at the maximum")).isTrue();
        assertThat(site.trail()).isEmpty();
        key.decrement();
        key.increment();
        assertThat(key.count()).isEqualTo(Integer.MAX_VALUE);
    }

    private static void disablesAtZero(Subject.Factory subject) {
        Subject key = subject.create(new ModelSite()::create, 2);
        key.decrement();
        key.decrement();
        assertThat(key.agreed("after the last decrement")).isFalse();
    }

    private static void givesBackOne(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 3);
        key.decrement();
        assertThat(key.count()).as("the count after one decrement of three").isEqualTo(2);
        assertThat(key.agreed("after one decrement of three")).isTrue();
        assertThat(site.trail()).isEmpty();
    }

    private static void refusesAtZero(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        assertThat(catchThrowable(key::decrement)).as("a decrement at 0").isInstanceOf(IllegalStateException.class);
        assertThat(key.agreed("after a decrement at 0")).isFalse();
        assertThat(site.trail()).isEmpty();
    }

    private static void waitsAtSentinel(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        Gate gate = new Gate(Phase.STORED, Targets.SLOW);
        site.listen(gate);
        Actor enabling = Actor.start("enabling", key::increment);
        gate.awaitReached();
        Actor decrementing = Actor.start("decrementing", key::decrement);
        boolean early = decrementing.endsWithoutWaiting();
        gate.open();
        enabling.finish();
        decrementing.finish();
        assertThat(early).as("a decrement passed the sentinel").isFalse();
        assertThat(key.agreed("after both")).isFalse();
    }

    private static void countsDuringEdgeDown(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 1);
        site.listen((phase, target) -> {
            if (phase == Phase.FINISHED && target == Targets.SLOW) {
                site.ignore();
                Actor.start("incrementing", key::increment).finish(); // by the fast row: it does not wait
            }
        });
        key.decrement();
        assertThat(key.count()).as("the reference taken meanwhile").isEqualTo(1);
        assertThat(key.agreed("after an edge down given up")).isTrue();
        assertThat(site.target()).isSameAs(Targets.ON);
        key.decrement();
        assertThat(key.agreed("after the last decrement")).isFalse();
    }

    private static void balances(Subject.Factory subject) {
        Subject key = subject.create(VolatileSite::new, 0);
        AtomicReference<Integer> wrong = new AtomicReference<>();
        Stress.run(6, Duration.ofMillis(700), () -> {
            int references = ThreadLocalRandom.current().nextInt(1, 4);
            for (int i = 0; i < references; i++) {
                key.increment();
            }
            int count = key.count();
            if (count < references || count > 6 * 3) {
                wrong.set(count);
            }
            for (int i = 0; i < references; i++) {
                key.decrement();
            }
            return true;
        });
        assertThat(wrong).as("a count out of bounds").hasNullValue();
        assertThat(key.count()).isZero();
        assertThat(key.agreed("after all threads")).isFalse();
    }

    private static void closesOnce(Closing closing) {
        Subject key = Subject.ours(new ModelSite()::create, 0);
        key.increment();
        key.increment();
        AutoCloseable first = closing.apply(key);
        close(first);
        close(first);
        assertThat(key.count())
                .as("the count after one of two was closed twice")
                .isEqualTo(1);
        close(closing.apply(key));
        assertThat(key.agreed("after both were closed")).isFalse();
    }

    private static void closesOnceAmongThreads(Closing closing) {
        int threads = 4;
        Subject key = Subject.ours(new ModelSite()::create, 1_000);
        for (int round = 1; round <= 100; round++) {
            AutoCloseable reference = closing.apply(key);
            CyclicBarrier together = new CyclicBarrier(threads);
            List<Actor> actors = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                actors.add(Actor.start("closing " + thread, () -> {
                    Stress.await(together);
                    close(reference);
                }));
            }
            actors.forEach(Actor::finish);
            assertThat(key.count())
                    .as("the count after %d references were each closed by %d threads at once", round, threads)
                    .isEqualTo(1_000 - round);
        }
    }

    private static void close(AutoCloseable reference) {
        try {
            reference.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** An enablement that checks whether it is closed, and then closes. */
    private static final class ChecksThenActs implements AutoCloseable {

        private final Subject key;
        private volatile boolean closed;

        ChecksThenActs(Subject key) {
            this.key = key;
        }

        @Override
        public void close() {
            if (!closed) {
                Actor.sleepMillis(1); // for another thread to come between
                closed = true;
                key.decrement();
            }
        }
    }
}
