package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.util.List;
import java.util.function.Consumer;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * A model, which Lincheck runs in many interleavings of its threads, and the sequential specification that the results
 * of each must be explained by: is there an order of the operations, true to each thread's own and to what ended before
 * what began, in which the specification gives the same results?
 *
 * @param name what is checked
 * @param model the operations
 * @param specification the same operations, of one thread
 * @param subject puts what the operations are done on into the model
 * @param lockFree whether an operation that is not marked as blocking may not wait for another thread
 */
record ModelCheck<S>(String name, Class<?> model, Class<?> specification, Consumer<S> subject, boolean lockFree) {

    /** How much is looked at: 1 is for every build. Scales both the scenarios and the interleavings of each. */
    private static final int EFFORT = Integer.getInteger("lincheck.effort", 1);

    /** How many scenarios are made up, of two threads and of three each. The same ones in every run. */
    private static final int SCENARIOS = 2 * EFFORT;

    /** How many interleavings of a scenario are run: those with the fewest switches between threads come first. */
    private static final int INTERLEAVINGS = 100 * EFFORT;

    /**
     * How many are run to find the mistake of a broken variant. It ends with the first that shows it, so that this is
     * only reached if the checker has gone blind.
     */
    private static final int INTERLEAVINGS_TO_CATCH = 100_000;

    static <S> ModelCheck<S> of(String name, Class<?> model, Class<?> specification, Consumer<S> subject) {
        return new ModelCheck<>(name, model, specification, subject, false);
    }

    /** The same check, which also fails where an operation waits for another thread and is not marked as blocking. */
    ModelCheck<S> thatIsLockFree() {
        return new ModelCheck<>(name + ", lock-free", model, specification, subject, true);
    }

    /** Checks a subject in these meetings and in scenarios made up by the checker. */
    void holds(String variant, S checked, List<Meeting> meetings) {
        holdsIn(variant, checked, meetings);
        CheckReport.row(variant, name, "holds in scenarios made up", () -> {
            options(INTERLEAVINGS)
                    .iterations(SCENARIOS)
                    .threads(2)
                    .actorsPerThread(3)
                    .check(model);
            options(INTERLEAVINGS)
                    .iterations(SCENARIOS)
                    .threads(3)
                    .actorsPerThread(2)
                    .check(model);
        });
    }

    /**
     * Checks a subject in these meetings alone: where another test of the same model lets the checker make up scenarios,
     * since they would be the same.
     */
    void holdsIn(String variant, S checked, List<Meeting> meetings) {
        subject.accept(checked);
        ModelCheckingOptions options = options(INTERLEAVINGS).iterations(0);
        meetings.forEach(meeting -> options.addCustomScenario(meeting.of(model)));
        CheckReport.row(variant, name, "holds in the meetings", () -> options.check(model));
    }

    /**
     * Checks the static key, and the sketch that the broken variants are made from: the latter, if not much is to be
     * looked at, in the meetings in which the variants are caught and no more.
     */
    static void holds(ModelCheck<Subject.Factory> check, Meeting... meetings) {
        check.holds("the key", Subject::ours, List.of(meetings));
        if (EFFORT == 1) {
            check.holdsIn("the sketch", Sketch::new, List.of(meetings));
        } else {
            check.holds("the sketch", Sketch::new, List.of(meetings));
        }
    }

    /** The same in these meetings alone. */
    static void holdsIn(ModelCheck<Subject.Factory> check, Meeting... meetings) {
        check.holdsIn("the key", Subject::ours, List.of(meetings));
        check.holdsIn("the sketch", Sketch::new, List.of(meetings));
    }

    /** Checks that a broken variant is caught in a meeting, with all of the evidence in the failure. */
    void catches(String variant, S broken, Meeting meeting, String... evidence) {
        subject.accept(broken);
        ModelCheckingOptions options = options(INTERLEAVINGS_TO_CATCH).iterations(0);
        options.addCustomScenario(meeting.of(model));
        CheckReport.row(
                variant,
                name,
                "caught in " + meeting,
                () -> assertThatThrownBy(() -> options.check(model), "the model check of %s in %s", variant, meeting)
                        .isInstanceOf(LincheckAssertionError.class)
                        .hasMessageContainingAll(evidence));
    }

    private ModelCheckingOptions options(int interleavings) {
        return new ModelCheckingOptions()
                .invocationsPerIteration(interleavings)
                .minimizeFailedScenario(false)
                .actorsBefore(1)
                .actorsAfter(1)
                .sequentialSpecification(specification)
                .checkObstructionFreedom(lockFree)
                // Says whether the thread runs folded code or a preparation: its own, so no switch within can matter.
                .addGuarantee(
                        forClasses(ThreadLocal.class.getName()).allMethods().ignore())
                // A pure function, but the many steps of a regular expression.
                .addGuarantee(forClasses(KeyName.class.getName()).allMethods().ignore());
    }
}
