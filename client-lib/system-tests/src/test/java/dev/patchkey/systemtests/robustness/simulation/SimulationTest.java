package dev.patchkey.systemtests.robustness.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.validation.Validation;
import dev.patchkey.systemtests.robustness.validation.Violation;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The rules on many random histories: of those that are right none is blamed, and no planted error is missed. */
class SimulationTest {

    /** For more of all: {@code -Dsimulation.scale=3} takes as many times as long. */
    private static final int SCALE = Integer.getInteger("simulation.scale", 1);

    private static final int HISTORIES = 1000 * SCALE;

    /** An error need not have a place in every history; in so many of them it must have been tried. */
    private static final int LEAST_PLANTED = 120 * SCALE;

    /** In so many histories a place is looked for. */
    private static final int MOST_TRIED = 25 * LEAST_PLANTED;

    private static final long LENGTH = 200 * Simulation.MILLI;

    @Test
    void aHistoryThatIsRightByConstructionPasses() {
        Map<String, Integer> seen = new TreeMap<>();
        for (long seed = 0; seed < HISTORIES; seed++) {
            History history = Simulation.overDatabase(seed, LENGTH);
            assertThat(Validation.check(history)).as("seed %d", seed).isEmpty();
            for (Call call : history.calls()) {
                seen.merge(kind(call), 1, Integer::sum);
            }
            for (Row row : history.rows()) {
                seen.merge(row.action(), 1, Integer::sum);
            }
        }
        assertThat(seen)
                .as("what came up, and how often")
                .containsOnlyKeys(
                        "Refused",
                        "NotDone",
                        "Unknown",
                        "Stale",
                        "change",
                        "applied",
                        "no-op",
                        "increment",
                        "decrement",
                        "acquire",
                        "release",
                        "expire")
                .allSatisfy((kind, times) -> assertThat(times).isGreaterThan(HISTORIES));
    }

    private static String kind(Call call) {
        if (!(call.answer() instanceof Answer.Done done)) {
            return call.answer().getClass().getSimpleName();
        }
        return done.propagation().applied() ? "applied" : done.changed() ? "change" : "no-op";
    }

    @Test
    void aHistoryWithoutRowsThatIsRightByConstructionPasses() {
        int gaps = 0;
        for (long seed = 0; seed < HISTORIES; seed++) {
            History history = Simulation.overMemory(seed, LENGTH);
            long acknowledged = history.calls().stream().filter(Draft::isChange).count();
            gaps += history.rows().size() - (int) acknowledged;
            assertThat(Validation.checkWithoutRows(withoutRows(history)))
                    .as("seed %d", seed)
                    .isEmpty();
        }
        assertThat(gaps).as("changes that nobody was told of").isGreaterThan(HISTORIES);
    }

    private static History withoutRows(History history) {
        return new History(
                history.calls(),
                List.of(),
                history.sightings(),
                history.finales(),
                history.brokenPromises(),
                history.nodes());
    }

    @ParameterizedTest
    @FieldSource({
        "dev.patchkey.systemtests.robustness.simulation.Planted#ANYWHERE",
        "dev.patchkey.systemtests.robustness.simulation.Planted#WITH_ROWS"
    })
    void aPlantedErrorIsCaught(Planted error) {
        caught(error, seed -> Simulation.overDatabase(seed, LENGTH), Validation::check);
    }

    @ParameterizedTest
    @FieldSource({
        "dev.patchkey.systemtests.robustness.simulation.Planted#ANYWHERE",
        "dev.patchkey.systemtests.robustness.simulation.Planted#WITHOUT_ROWS"
    })
    void aPlantedErrorIsCaughtWithoutRows(Planted error) {
        caught(
                error,
                seed -> Simulation.overMemory(seed, LENGTH),
                history -> Validation.checkWithoutRows(withoutRows(history)));
    }

    private static void caught(
            Planted error, LongFunction<History> histories, Function<History, List<Violation>> judge) {
        int planted = 0;
        for (long seed = 0; seed < MOST_TRIED && planted < LEAST_PLANTED; seed++) {
            Draft draft = new Draft(histories.apply(seed), new Random(seed));
            if (error.plant().test(draft)) {
                planted++;
                assertThat(judge.apply(draft.history()))
                        .as("%s, seed %d", error, seed)
                        .extracting(Violation::promise)
                        .contains(error.promise());
            }
        }
        assertThat(planted).isEqualTo(LEAST_PLANTED);
    }
}
