package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.ModelSite.Phase;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** N5, of a key whose edge down is deferred: the reference that the deferral keeps is counted, and given back once. */
@Invariant(
        number = "N5",
        text = "Balanced: the local count is never negative, never wraps; enabling at the maximum is a typed error that"
                + " changes nothing; closing twice is a no-op")
class DeferredDisableTest {

    /** One round nearly always catches the variant; on a machine that is busy with something else it may take a few. */
    private static final int MOST_ROUNDS = 30;

    private static final Duration DELAY = Duration.ofSeconds(10);
    private static final Duration NEARLY = DELAY.minusNanos(1);
    private static final Duration REST = Duration.ofNanos(1);

    @Test
    void enablingAgainWithinTheDelayRebindsNothing() {
        holds(DeferredDisableTest::rebindsNothingWithinTheDelay);
    }

    @Test
    void theCheckerCatchesADeferralThatRebinds() {
        Check.catches(
                DeferredDisableTest::rebindsNothingWithinTheDelay,
                (Deferring.Factory) BrokenDeferral.RebindsAtOnce::new,
                "rebinds within the delay");
    }

    @Test
    void theKeyIsDisabledWhenTheDelayIsOverAndNotBefore() {
        holds(DeferredDisableTest::disablesAfterTheDelay);
    }

    @Test
    void theKeyReadsEnabledWhileItsDisableIsBeingDeferred() {
        holds(DeferredDisableTest::neverShowsTheZero);
    }

    @Test
    void theCheckerCatchesADeferralThatCountsDownAndUp() {
        Check.catches(
                DeferredDisableTest::neverShowsTheZero,
                (Deferring.Factory) BrokenDeferral.ShowsTheZero::new,
                "while it is deferred");
    }

    @Test
    void theKeptReferenceIsGivenBackThoughTheKeyWasEnabledAgain() {
        holds(DeferredDisableTest::givesBackAfterReenable);
    }

    @Test
    void theCheckerCatchesADeferralThatLosesItsReference() {
        Check.catches(
                DeferredDisableTest::givesBackAfterReenable,
                (Deferring.Factory) BrokenDeferral.LosesTheReference::new,
                "the kept reference is given back");
    }

    @Test
    void theCheckerCatchesATimerThatStoresZeroOverAReenable() {
        Check.catches(
                DeferredDisableTest::givesBackAfterReenable,
                (Deferring.Factory) BrokenDeferral.StoresZeroAtTheEnd::new,
                "the kept reference is given back");
        Check.catches(
                DeferredDisableTest::countsDuringTheEdge,
                (Deferring.Factory) BrokenDeferral.StoresZeroAtTheEnd::new,
                "the reference taken meanwhile");
    }

    @Test
    void anEnableDuringTheTimersEdgeIsCounted() {
        holds(DeferredDisableTest::countsDuringTheEdge);
    }

    @Test
    void atMostOneReferenceIsKept() {
        holds(DeferredDisableTest::keepsOneReference);
    }

    @Test
    void theCheckerCatchesADeferralThatSchedulesTwo() {
        Check.catches(
                DeferredDisableTest::keepsOneReference,
                (Deferring.Factory) BrokenDeferral.SchedulesTwo::new,
                "deferrals scheduled");
    }

    @Test
    void flushDisablesAtOnceAndOnce() {
        holds(DeferredDisableTest::flushes);
    }

    @Test
    void flushWaitsForATimerThatIsJustAtIt() {
        holds(DeferredDisableTest::flushWaits);
    }

    @Test
    void theCheckerCatchesAFlushThatReturnsBeforeTheRebind() {
        Check.catches(
                DeferredDisableTest::flushWaits,
                (Deferring.Factory) BrokenDeferral.FlushesAndLeaves::new,
                "flush returned before the rebind");
    }

    @Test
    void aTimerThatComesAfterAFlushEndsNoLaterDeferral() {
        holds(DeferredDisableTest::lateTimerEndsNothing);
    }

    @Test
    void theCheckerCatchesATimerThatEndsTheNextDeferral() {
        Check.catches(
                DeferredDisableTest::lateTimerEndsNothing,
                (Deferring.Factory) BrokenDeferral.EndsTheNext::new,
                "the next deferral");
    }

    @Test
    void aDisableThatFailsInTheTimerIsTriedAgainAndItsReferenceKept() {
        holds(DeferredDisableTest::triesAgain);
    }

    @Test
    void theCheckerCatchesADeferralForgottenBeforeItsEdgeHasSucceeded() {
        Check.catches(
                DeferredDisableTest::triesAgain,
                (Deferring.Factory) BrokenDeferral.ForgetsWhatFails::new,
                "after the next attempt");
    }

    @Test
    void manyThreadsThatEnableCloseFlushAndLetTimersEndBalance() {
        holds(DeferredDisableTest::balances);
    }

    @Test
    void theCheckerCatchesImbalanceAmongThreads() {
        Check<Deferring.Factory> again = subject -> {
            for (int round = 1; round <= MOST_ROUNDS; round++) {
                balances(subject);
            }
        };
        Check.catches(again, (Deferring.Factory) BrokenDeferral.LosesTheReference::new, "at last");
    }

    private static void holds(Check<Deferring.Factory> check) {
        check.on(Deferring::ours);
        check.on(DeferringSketch::new);
    }

    private static void rebindsNothingWithinTheDelay(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        for (int flap = 1; flap <= 1_000; flap++) {
            key.decrement();
            assertThat(key.agreed("deferred")).isTrue();
            assertThat(key.count()).as("the kept reference").isEqualTo(1);
            key.increment();
            assertThat(key.count()).as("with one of ours").isEqualTo(2);
        }
        assertThat(site.trail()).as("rebinds within the delay").isEmpty();
        assertThat(key.agreed("after flapping")).isTrue();
    }

    private static void disablesAfterTheDelay(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.decrement();
        timer.pass(NEARLY);
        assertThat(key.agreed("nearly over")).isTrue();
        assertThat(site.trail()).isEmpty();
        timer.pass(REST);
        assertThat(key.agreed("over")).isFalse();
        assertThat(site.trail()).containsExactly(Targets.SLOW, Targets.OFF);

        key.increment();
        assertThat(key.agreed("enabled once more")).isTrue();
        key.decrement();
        timer.pass(DELAY);
        assertThat(key.agreed("over once more")).isFalse();

        key.deferDisable(Duration.ZERO);
        key.increment();
        key.decrement();
        assertThat(key.agreed("no longer deferred")).isFalse();
    }

    private static void neverShowsTheZero(Deferring.Factory subject) {
        AtomicReference<Deferring> key = new AtomicReference<>();
        HandTimer timer = new HandTimer();
        Deferring made = enabledOnce(subject, new ModelSite(), (delayNanos, task) -> {
            assertThat(key.get().agreed("while it is deferred"))
                    .as("enabled while it is deferred")
                    .isTrue();
            return timer.schedule(delayNanos, task);
        });
        key.set(made);
        made.decrement();
        assertThat(timer.scheduled()).isEqualTo(1);
        assertThat(made.agreed("deferred")).isTrue();
    }

    private static void givesBackAfterReenable(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.decrement();
        key.increment();
        timer.pass(DELAY);
        assertThat(key.count())
                .as("the count after the kept reference is given back")
                .isEqualTo(1);
        assertThat(key.agreed("enabled again")).isTrue();
        assertThat(site.trail()).isEmpty();
        key.decrement();
        timer.pass(DELAY);
        assertThat(key.agreed("closed again")).isFalse();
        assertThat(timer.scheduled()).isZero();
    }

    private static void countsDuringTheEdge(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.decrement();
        site.listen((phase, target) -> {
            if (phase == Phase.FINISHED && target == Targets.SLOW) {
                site.ignore();
                Actor.start("incrementing", key::increment).finish(); // by the fast row: it does not wait
            }
        });
        timer.pass(DELAY);
        assertThat(key.count()).as("the reference taken meanwhile").isEqualTo(1);
        assertThat(key.agreed("after an edge down given up")).isTrue();
        assertThat(site.target()).isSameAs(Targets.ON);
    }

    private static void keepsOneReference(Deferring.Factory subject) {
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, new ModelSite(), timer);
        key.decrement();
        for (int flap = 1; flap <= 3; flap++) {
            key.increment();
            key.decrement();
            assertThat(timer.scheduled()).as("deferrals scheduled").isEqualTo(1);
            assertThat(key.count()).isEqualTo(1);
        }
        timer.pass(DELAY);
        assertThat(key.agreed("over")).isFalse();
    }

    private static void flushes(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.flush();
        assertThat(key.count()).as("nothing was pending").isEqualTo(1);
        key.decrement();
        key.flush();
        assertThat(key.agreed("flushed")).isFalse();
        assertThat(site.trail()).containsExactly(Targets.SLOW, Targets.OFF);
        key.flush();
        timer.pass(DELAY);
        assertThat(key.word()).as("flushed twice, and the timer after that").isZero();
        assertThat(site.trail()).isEmpty();

        key.increment();
        key.decrement();
        key.increment();
        key.flush();
        assertThat(key.count()).as("flushed while it was enabled by another").isEqualTo(1);
        key.decrement();
        assertThat(key.agreed("deferred after a flush")).isTrue();
    }

    private static void flushWaits(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.decrement();
        Gate gate = new Gate(Phase.STORED, Targets.SLOW);
        site.listen(gate);
        Actor timing = Actor.start("timer", () -> timer.pass(DELAY));
        gate.awaitReached();
        Actor flushing = Actor.start("flushing", key::flush);
        boolean early = flushing.endsWithoutWaiting();
        gate.open();
        timing.finish();
        flushing.finish();
        assertThat(early).as("flush returned before the rebind").isFalse();
        assertThat(key.agreed("after both")).isFalse();
    }

    private static void lateTimerEndsNothing(Deferring.Factory subject) {
        List<Runnable> tasks = new ArrayList<>();
        HandTimer hand = new HandTimer();
        Deferring key = enabledOnce(subject, new ModelSite(), (delayNanos, task) -> {
            tasks.add(task);
            return hand.schedule(delayNanos, task);
        });
        key.decrement();
        key.flush();
        key.increment();
        key.decrement();
        tasks.get(0).run(); // it had begun before it could be cancelled
        assertThat(key.agreed("the next deferral"))
                .as("the next deferral goes on")
                .isTrue();
    }

    private static void triesAgain(Deferring.Factory subject) {
        ModelSite site = new ModelSite();
        HandTimer timer = new HandTimer();
        Deferring key = enabledOnce(subject, site, timer);
        key.decrement();
        failRebinds(site);
        assertThat(catchThrowable(() -> timer.pass(DELAY)))
                .as("nobody is there to be told")
                .isNull();
        assertThat(key.agreed("after the failure")).isTrue();
        assertThat(key.count()).isEqualTo(1);
        assertThat(site.target()).isSameAs(Targets.ON);
        site.ignore();
        timer.pass(DELAY);
        assertThat(key.agreed("after the next attempt"))
                .as("after the next attempt")
                .isFalse();

        key.increment();
        key.decrement();
        failRebinds(site);
        assertThatThrownBy(key::flush).hasMessageContaining("fails");
        assertThat(key.agreed("after a flush that failed")).isTrue();
        site.ignore();
        key.flush();
        assertThat(key.agreed("after the next flush")).isFalse();
    }

    /** Each rebind to SLOW, the first of an edge. */
    private static void failRebinds(ModelSite site) {
        site.listen((phase, target) -> {
            if (phase == Phase.BEGUN && target == Targets.SLOW) {
                throw new IllegalStateException("this rebind fails");
            }
        });
    }

    private static void balances(Deferring.Factory subject) {
        HandTimer timer = new HandTimer();
        Deferring key = subject.create(VolatileSite::new, timer);
        key.deferDisable(DELAY);
        AtomicReference<String> wrong = new AtomicReference<>();
        Stress.run(6, Duration.ofMillis(700), () -> {
            int chance = ThreadLocalRandom.current().nextInt(10);
            if (chance == 0) {
                key.flush();
            } else if (chance <= 3) {
                timer.pass(DELAY);
            } else {
                key.increment();
                int count = key.count();
                if (!key.isEnabled() || count < 1 || count > 6 + 1) {
                    wrong.set("count " + count + ", enabled " + key.isEnabled());
                }
                key.decrement();
            }
            return wrong.get() == null;
        });
        assertThat(wrong).as("seen while it was held").hasNullValue();
        timer.pass(DELAY);
        key.flush();
        assertThat(key.word()).as("the count at last").isZero();
        assertThat(key.agreed("at last")).isFalse();
    }

    private static Deferring enabledOnce(Deferring.Factory subject, ModelSite site, Timer timer) {
        Deferring key = subject.create(site::create, timer);
        key.deferDisable(DELAY);
        key.increment();
        site.trail();
        return key;
    }

    // The key itself

    @Test
    void aStolenReferenceIsRefused() {
        Deferring key = enabledOnce(Deferring::ours, new ModelSite(), new HandTimer());
        key.decrement();
        assertThatThrownBy(key::decrement)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no reference to give back");
        assertThat(key.count()).isEqualTo(1);
    }

    @Test
    void closingTwiceIsANoOpWhileDeferred() {
        StaticKey key = StaticKey.detached("twice");
        key.deferDisable(DELAY);
        Enablement first = key.enable();
        first.close();
        assertThat(key.count()).isEqualTo(1);
        Enablement second = key.enable();
        first.close();
        assertThat(key.count()).isEqualTo(2);
        second.close();
        assertThat(key).hasToString("StaticKey[twice, count 1, local, disable deferred]");
        key.flush();
        assertThat(key).hasToString("StaticKey[twice, count 0, local]");
    }

    @Test
    void aStaticCallIsDecidedByTheKeyWhileDeferred() {
        StaticKey key = StaticKey.detached("selecting");
        StaticCall<String> call = key.select("off", "on");
        key.deferDisable(DELAY);
        key.enable().close();
        assertThat(call.get()).isEqualTo("on");
        key.flush();
        assertThat(call.get()).isEqualTo("off");
    }

    @Test
    void theJdksTimerEndsADeferral() {
        StaticKey key = StaticKey.detached("timed");
        key.deferDisable(Duration.ofMillis(1));
        key.enable().close();
        Awaitility.await().until(() -> !key.isEnabled());
        assertThat(key.count()).isZero();
    }

    /** The JDK runs the actions of cleaners on threads that let nobody set their context class loader. */
    @Test
    void aCleanersActionGivesTheLastReferenceBack() {
        StaticKey key = StaticKey.detached("cleaned");
        key.deferDisable(DELAY);
        Enablement enablement = key.enable();
        Cleaner cleaner = Cleaner.create();
        Cleaner.Cleanable owner = cleaner.register(new Object(), enablement::close);
        Awaitility.await().untilAsserted(() -> {
            System.gc();
            assertThat(key).hasToString("StaticKey[cleaned, count 1, local, disable deferred]");
        });
        key.flush();
        assertThat(key.isEnabled()).isFalse();
        owner.clean(); // long done; it keeps the cleaner until here
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-0.000000001S", "PT1H0.000000001S", "PT2562047788015215H30M7S"})
    void refusesADelayOutsideOfItsRangeNamingTheRule(String delay) {
        StaticKey key = StaticKey.detached("range");
        assertThatThrownBy(() -> key.deferDisable(Duration.parse(delay)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("delay must be from zero to PT1H, but was " + Duration.parse(delay));
        key.deferDisable(Duration.ofHours(1));
    }

    @Test
    @SuppressWarnings("NullAway") // it is what is tested
    void namesADelayThatIsNull() {
        assertThatThrownBy(() -> StaticKey.detached("null").deferDisable(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("delay");
    }

    @Test
    void aMirroredKeyIsRefusedAndItsChangesAreNeverDeferred() {
        ModelSite site = new ModelSite();
        Deferring key = Deferring.ours(site::create, new HandTimer());
        key.apply(1, 1, 1);
        assertThatThrownBy(() -> key.deferDisable(DELAY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is mirrored");
        key.flush();
        assertThat(key.agreed("mirrored")).isTrue();
        key.apply(0, 1, 2);
        assertThat(key.agreed("applied")).isFalse();
    }

    @Test
    void aKeyThatWasGivenADelayIsLocal() {
        Deferring key = Deferring.ours(new ModelSite()::create, new HandTimer());
        key.deferDisable(DELAY);
        assertThatThrownBy(() -> key.apply(1, 1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is local");
    }

    @Test
    void aPreparationMayNeitherDeferNorFlush() {
        StaticKey key = StaticKey.detached("prepared");
        StaticKey other = StaticKey.detached("other");
        List<Runnable> refused = List.of(() -> other.deferDisable(DELAY), other::flush);
        for (Runnable change : refused) {
            try (Registration registration = key.beforeEnable(change)) {
                assertThat(registration).isNotNull();
                assertThatThrownBy(key::enable)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("may only read keys");
            }
        }
        assertThat(key.isEnabled()).isFalse();
    }
}
