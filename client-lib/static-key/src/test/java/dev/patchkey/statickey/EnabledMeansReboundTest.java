package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N1",
        text =
                "Enabled means rebound: for every observer isEnabled() == (count() > 0), linearizably; once any thread has"
                        + " observed a key enabled in any way, every later test takes the enabled path until a disable begins")
class EnabledMeansReboundTest {

    /** A static key that C2 folds, unlike the subjects of checks. */
    private static final StaticKey FOLDED = StaticKey.of("enabled-means-rebound.folded");

    private static final StaticCall<String> FOLDED_CALL = FOLDED.select("off", "on");

    @Test
    void allTestsAgreeAtEveryStepOfALocalEdge() {
        Check.holds(EnabledMeansReboundTest::localEdges);
    }

    @Test
    void allTestsAgreeAtEveryStepOfAMirroredEdge() {
        Check.holds(EnabledMeansReboundTest::mirroredEdges);
    }

    @Test
    void theCheckerCatchesTwoTargets() {
        Check.catches(EnabledMeansReboundTest::localEdges, Broken.TwoTargets::new, "a test in folded code");
        Check.catches(EnabledMeansReboundTest::mirroredEdges, Broken.TwoTargets::new, "a test in folded code");
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesBeforeItRebinds() {
        Check.catches(EnabledMeansReboundTest::localEdges, Broken.PublishesFirst::new, "count 1 > 0");
        Check.catches(EnabledMeansReboundTest::mirroredEdges, Broken.PublishesFirst::new, "count 3 > 0");
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesAfterItHasRebound() {
        Check.catches(EnabledMeansReboundTest::localEdges, Broken.PublishesLast::new, "a test in folded code");
        Check.catches(EnabledMeansReboundTest::mirroredEdges, Broken.PublishesLast::new, "a test in folded code");
    }

    @Test
    void theCheckerCatchesADecrementThatPublishesBeforeItRebinds() {
        Check.catches(EnabledMeansReboundTest::localEdges, Broken.PublishesZeroFirst::new, "count 0 > 0");
        Check.catches(EnabledMeansReboundTest::mirroredEdges, Broken.PublishesZeroFirst::new, "count 0 > 0");
    }

    @Test
    void aStaticCallNeverContradictsItsKey() {
        staticCallAgrees(KeyWithCall::ours);
    }

    @Test
    void theCheckerCatchesAStaticCallWithACallSiteOfItsOwn() {
        Check.catches(EnabledMeansReboundTest::staticCallAgrees, KeyWithCall::withItsOwnSite, "the static call");
    }

    @Test
    void noThreadMissesTheBranchThatItHasEnabled() {
        seedsProgram(Subject::ours, VolatileSite::new, Duration.ofMillis(1_500));
        seedsProgram(Sketch::new, VolatileSite::new, Duration.ofMillis(300));
    }

    @Test
    void noThreadMissesTheFoldedBranchThatItHasEnabled() {
        AtomicBoolean missed = new AtomicBoolean();
        Stress.run(8, Duration.ofMillis(1_500), () -> {
            try (Enablement enablement = FOLDED.enable()) {
                if (!FOLDED.isEnabled() || FOLDED.count() == 0 || "off".equals(FOLDED_CALL.get())) {
                    missed.set(true);
                }
                assertThat(enablement.key()).isSameAs(FOLDED);
            }
            return !missed.get();
        });
        assertThat(missed).as("a thread missed the branch that it had enabled").isFalse();
        assertThat(FOLDED.count()).isZero();
        assertThat(FOLDED.isEnabled()).isFalse();
    }

    @Test
    void theSeedsProgramCatchesAnIncrementThatPublishesBeforeItRebinds() {
        Check.catches(
                subject -> seedsProgram(subject, SluggishSite::new, Duration.ofSeconds(20)),
                (Subject.Factory) Broken.PublishesFirst::new,
                "missed the branch");
    }

    private static void localEdges(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        Witness witness = new Witness(key::agreed);
        site.listen(witness);

        key.increment();
        witness.look("after the edge up");
        witness.sawOneChangeTo(true);

        key.increment();
        key.decrement();
        witness.look("after changes that cross no edge");
        witness.sawOneChangeTo(true);

        key.decrement();
        witness.look("after the edge down");
        witness.sawOneChangeTo(false);
    }

    private static void mirroredEdges(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        Witness witness = new Witness(key::agreed);
        site.listen(witness);

        key.apply(3, 1, 1);
        witness.look("after the edge up");
        witness.sawOneChangeTo(true);

        key.stale();
        witness.look("after going stale");
        witness.sawOneChangeTo(false);

        key.apply(3, 1, 1);
        witness.look("after staleness was lifted");
        witness.sawOneChangeTo(true);

        key.apply(0, 1, 2);
        witness.look("after the edge down");
        witness.sawOneChangeTo(false);
    }

    private static void staticCallAgrees(Supplier<KeyWithCall> subject) {
        KeyWithCall key = subject.get();
        Witness witness = new Witness(when -> {
            boolean test = key.test().getAsBoolean();
            assertThat(key.call().getAsBoolean())
                    .as("%s: the static call, against the test (%s)", when, test)
                    .isEqualTo(test);
            assertThat(ModelSite.folded(key.call()))
                    .as("%s: the static call in folded code, against the test (%s)", when, test)
                    .isEqualTo(test);
            return test;
        });
        key.sites().forEach(site -> site.listen(witness));
        key.increment().run();
        witness.look("after the edge up");
        witness.sawOneChangeTo(true);
        key.decrement().run();
        witness.look("after the edge down");
        witness.sawOneChangeTo(false);
    }

    /** Threads that enable the key, check that it is enabled, and give it back, for a while or until one misses. */
    private static void seedsProgram(Subject.Factory subject, Site.Factory site, Duration atMost) {
        Subject key = subject.create(site, 0);
        BooleanSupplier enabled = () -> key.isEnabled() && key.count() > 0;
        AtomicBoolean missed = new AtomicBoolean();
        Stress.run(8, atMost, () -> {
            key.increment();
            if (!enabled.getAsBoolean()) {
                missed.set(true);
            }
            key.decrement();
            return !missed.get();
        });
        assertThat(missed).as("a thread missed the branch that it had enabled").isFalse();
        assertThat(key.agreed("after all threads")).isFalse();
    }
}
