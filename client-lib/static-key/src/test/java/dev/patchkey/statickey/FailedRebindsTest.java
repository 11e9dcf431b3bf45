package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.ModelSite.Phase;
import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.invoke.MethodHandle;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Invariant(
        number = "N6",
        text = "Failed rebinds are safe: a failure before publication restores the key; after it the site stays in its"
                + " slow target, which is correct, and the rebind is tried again")
class FailedRebindsTest {

    /** More failures in a row than a rebind is attempted. */
    private static final int FOR_LONG = 2 * Rebinding.ATTEMPTS;

    /** Which rebinds fail: some in a row, before or after the target is stored. */
    record Fault(Phase phase, int first, int howMany) {

        @Override
        public String toString() {
            return howMany + " rebinds from number " + first + " on fail, when they have " + phase;
        }
    }

    static Stream<Fault> faults() {
        return Stream.of(Phase.BEGUN, Phase.STORED)
                .flatMap(phase -> Stream.of(1, 2)
                        .flatMap(first -> Stream.of(1, 2, FOR_LONG).map(howMany -> new Fault(phase, first, howMany))));
    }

    private static final Fault BEFORE_PUBLICATION = new Fault(Phase.BEGUN, 1, 1);
    private static final Fault AFTER_PUBLICATION = new Fault(Phase.BEGUN, 2, FOR_LONG);

    @ParameterizedTest
    @MethodSource("faults")
    void aFailedEnableOfALocalKeyIsSafe(Fault fault) {
        Check.holds(subject -> failedIncrement(subject, fault));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFailedDisableOfALocalKeyIsSafe(Fault fault) {
        Check.holds(subject -> failedDecrement(subject, fault));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFailedApplyIsSafe(Fault fault) {
        Check.holds(subject -> failedApplies(subject, fault));
    }

    @Test
    void aFailedPreparationRestoresTheKey() {
        Check.holds(FailedRebindsTest::failedPreparation);
    }

    @Test
    void theCheckerCatchesASentinelLeftBehind() {
        catches(FailedRebindsTest::failedIncrement, BEFORE_PUBLICATION, Broken.LeavesSentinel::new, "the count");
        Check.catches(FailedRebindsTest::failedPreparation, Broken.LeavesSentinel::new, "the count");
    }

    @Test
    void theCheckerCatchesAPublishedCountTakenBack() {
        catches(FailedRebindsTest::failedIncrement, AFTER_PUBLICATION, Broken.TakesBack::new, "changes between");
        catches(FailedRebindsTest::failedApplies, AFTER_PUBLICATION, Broken.TakesBack::new, "changes between");
    }

    @Test
    void theCheckerCatchesASiteLeftSlowForGood() {
        catches(FailedRebindsTest::failedIncrement, AFTER_PUBLICATION, Broken.NeverTriesAgain::new, "free again");
        catches(FailedRebindsTest::failedApplies, AFTER_PUBLICATION, Broken.NeverTriesAgain::new, "free again");
    }

    private static void catches(
            BiConsumer<Subject.Factory, Fault> check, Fault fault, Subject.Factory broken, String because) {
        Check.catches(subject -> check.accept(subject, fault), broken, because);
    }

    private static void failedIncrement(Subject.Factory subject, Fault fault) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        Throwable thrown = during(site, key, fault, Subject::increment);
        assertThat(thrown != null)
                .as("%s: thrown if and only if it came before publication", fault)
                .isEqualTo(fault.first() == 1);
        assertThat(key.word()).as("%s: the count", fault).isEqualTo(thrown == null ? 1 : 0);
        assertThat(key.agreed("after the failure")).isEqualTo(thrown == null);

        succeeds(key, Subject::increment);
        assertThat(key.agreed("tried again")).isTrue();
        assertThat(site.target()).as("%s: the target, free again", fault).isSameAs(Targets.ON);
        assertThat(key.count()).isEqualTo(thrown == null ? 2 : 1);
    }

    private static void failedDecrement(Subject.Factory subject, Fault fault) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 1);
        Throwable thrown = during(site, key, fault, Subject::decrement);
        assertThat(thrown != null)
                .as("%s: thrown if and only if it came before publication", fault)
                .isEqualTo(fault.first() == 1);
        assertThat(key.agreed("after the failure")).isEqualTo(thrown != null);
        assertThat(key.word()).as("%s: the count", fault).isEqualTo(thrown == null ? 0 : 1);

        succeeds(key, thrown == null ? Subject::increment : Subject::decrement);
        assertThat(key.agreed("tried again")).isEqualTo(thrown == null);
        assertThat(site.target())
                .as("%s: the target, free again", fault)
                .isSameAs(thrown == null ? Targets.ON : Targets.OFF);
    }

    /** Up, stale, back and down, each with the fault and then again without. */
    private static void failedApplies(Subject.Factory subject, Fault fault) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        key.apply(0, 1, 1);
        failedMove(site, key, fault, k -> k.apply(3, 1, 2), MirroredState.applied(3, 1, 2));
        failedMove(site, key, fault, Subject::stale, new MirroredState(3, 1, 2, true));
        failedMove(site, key, fault, k -> k.apply(3, 1, 2), MirroredState.applied(3, 1, 2));
        failedMove(site, key, fault, k -> k.apply(0, 1, 3), MirroredState.applied(0, 1, 3));
    }

    private static void failedMove(
            ModelSite site, Subject key, Fault fault, Consumer<Subject> move, MirroredState after) {
        MirroredState before = key.state();
        Throwable thrown = during(site, key, fault, move);
        if (thrown == null) {
            assertThat(key.state())
                    .as("%s: nothing thrown, so the state", fault)
                    .isEqualTo(after);
        } else {
            assertThat(key.state()).as("%s: the state", fault).isIn(before, after);
        }
        assertThat(key.word())
                .as("%s: the count", fault)
                .isEqualTo(key.mirrored().effectiveCount());
        assertThat(key.agreed("after the failure")).isEqualTo(key.mirrored().effectiveCount() > 0);

        succeeds(key, move);
        assertThat(key.state()).as("%s: tried again", fault).isEqualTo(after);
        assertThat(key.agreed("tried again")).isEqualTo(after.effectiveCount() > 0);
        assertThat(site.target())
                .as("%s: the target, free again", fault)
                .isSameAs(Targets.free(after.effectiveCount() > 0));
    }

    private static void failedPreparation(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        boolean[] failing = {true};
        key.beforeEnable(() -> {
            if (failing[0]) {
                throw new IllegalArgumentException("not prepared");
            }
        });
        assertThat(catchThrowable(key::increment)).hasMessageContaining("not prepared");
        assertThat(key.word()).as("the count after a failed preparation").isZero();
        assertThat(key.agreed("after a failed preparation")).isFalse();
        assertThat(site.target()).isSameAs(Targets.OFF);
        failing[0] = false;
        succeeds(key, Subject::increment);
        assertThat(key.agreed("tried again")).isTrue();
    }

    private static void succeeds(Subject key, Consumer<Subject> move) {
        assertThat(catchThrowable(() -> move.accept(key))).as("tried again").isNull();
    }

    /** Makes the move while rebinds fail, and asserts that at no step of it the key's tests differ or go back. */
    private static @Nullable Throwable during(ModelSite site, Subject key, Fault fault, Consumer<Subject> move) {
        Witness witness = new Witness(key::agreed);
        site.listen(new FailingRebinds(fault, witness));
        Throwable thrown = catchThrowable(() -> move.accept(key));
        site.ignore();
        witness.look("after it");
        witness.sawOneChangeTo(key.isEnabled());
        return thrown;
    }

    /** Fails rebinds, and lets a witness look first. */
    private static final class FailingRebinds implements ModelSite.Listener {

        private final Fault fault;
        private final Witness witness;
        private int rebind;

        FailingRebinds(Fault fault, Witness witness) {
            this.fault = fault;
            this.witness = witness;
        }

        @Override
        public void at(Phase phase, MethodHandle target) {
            witness.at(phase, target);
            rebind += phase == Phase.BEGUN ? 1 : 0;
            if (phase == fault.phase() && rebind >= fault.first() && rebind < fault.first() + fault.howMany()) {
                throw new IllegalStateException("rebind " + rebind + " fails");
            }
        }
    }
}
