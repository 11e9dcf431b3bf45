package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.ModelSite.Phase;
import dev.patchkey.statickey.mirror.MirroredState;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N8",
        text = "Applied is true: a node says a change is applied only when every test of that key reflects it; here, as"
                + " far as the mirror says so")
class AppliedIsTrueTest {

    @Test
    void whatIsMirroredIsWhatEveryTestReflectsAtEveryStep() {
        Check.holds(AppliedIsTrueTest::stateAgrees);
    }

    @Test
    void theCheckerCatchesAMirrorThatSaysWhatItAppliedBeforeItRebinds() {
        Check.catches(AppliedIsTrueTest::stateAgrees, Broken.AnnouncesFirst::new, "what is mirrored");
    }

    @Test
    void anApplyThatDidNotRebindDoesNotReturn() {
        Check.holds(AppliedIsTrueTest::failureIsThrown);
    }

    @Test
    void theCheckerCatchesAMirrorThatSwallowsFailures() {
        Check.catches(AppliedIsTrueTest::failureIsThrown, Broken.SwallowsFailures::new, "an apply whose rebind failed");
    }

    @Test
    void whatIsMirroredNeverContradictsATestOfAnotherThread() {
        agreesAmongThreads(Subject::ours, VolatileSite::new);
    }

    @Test
    void theRaceCatchesAMirrorThatSaysWhatItAppliedBeforeItRebinds() {
        Check.catches(
                subject -> agreesAmongThreads(subject, SluggishSite::new),
                (Subject.Factory) Broken.AnnouncesFirst::new,
                "contradicts");
    }

    /** A test between two looks that find the same version must say what that version says. */
    private static void agreesAmongThreads(Subject.Factory subject, Site.Factory site) {
        Subject key = subject.create(site, 0);
        key.apply(0, 1, 0);
        AtomicReference<String> wrong = new AtomicReference<>();
        AtomicInteger appliers = new AtomicInteger(1);
        Actor applying = Actor.start("applying", () -> {
            for (int i = 1; i <= 3_000 && wrong.get() == null; i++) {
                key.apply(i % 2, 1, i);
            }
            appliers.set(0);
        });
        Stress.run(3, Duration.ofSeconds(Actor.PATIENCE_SECONDS), () -> {
            MirroredState before = key.mirrored();
            boolean test = key.isEnabled();
            if (before.equals(key.state()) && before.effectiveCount() > 0 != test) {
                wrong.set(before + ", but enabled: " + test);
            }
            return appliers.get() > 0;
        });
        applying.finish();
        assertThat(wrong).as("what is mirrored contradicts a test").hasNullValue();
    }

    private static void stateAgrees(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        key.apply(0, 1, 1);
        Witness witness = new Witness(when -> {
            boolean test = key.isEnabled();
            MirroredState state = key.mirrored();
            assertThat(state.effectiveCount() > 0)
                    .as("%s: what is mirrored (%s), against the test (%s)", when, state, test)
                    .isEqualTo(test);
            return test;
        });
        site.listen(witness);
        key.apply(2, 1, 2);
        witness.look("after the edge up");
        witness.sawOneChangeTo(true);
        key.apply(5, 1, 3);
        witness.look("after a change that crosses no edge");
        key.apply(0, 1, 4);
        witness.look("after the edge down");
        witness.sawOneChangeTo(false);
    }

    private static void failureIsThrown(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        site.listen((phase, target) -> {
            if (phase == Phase.BEGUN && target == Targets.SLOW) {
                throw new IllegalStateException("cannot rebind");
            }
        });
        assertThat(catchThrowable(() -> key.apply(1, 1, 1)))
                .as("an apply whose rebind failed")
                .isNotNull();
        assertThat(key.state()).as("an apply whose rebind failed").isNull();
        site.ignore();
        assertThat(key.apply(1, 1, 1)).as("the retry").isTrue();
        assertThat(key.agreed("the retry")).isTrue();
    }
}
