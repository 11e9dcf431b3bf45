package dev.patchkey.systemtests.robustness.simulation;

import java.util.List;
import java.util.function.Predicate;

/**
 * An error that is wrong by construction wherever it is planted.
 *
 * @param name what is wrong
 * @param promise the number of the promise that it breaks
 * @param plant plants it, and says whether there was a place for it
 */
record Planted(String name, String promise, Predicate<Draft> plant) {

    /** Wrong whether or not the store keeps rows. */
    static final List<Planted> ANYWHERE = List.of(
            new Planted("versions against time", "S1", PlantedRows::swap),
            new Planted("strong read of the past", "S1", draft -> PlantedAnswers.past(draft, true)),
            new Planted("weak read of the past", "S1", draft -> PlantedAnswers.past(draft, false)),
            new Planted("strong read of the future", "S1", draft -> PlantedAnswers.future(draft, true)),
            new Planted("weak read of the future", "S1", draft -> PlantedAnswers.future(draft, false)),
            new Planted("applied early", "S5", PlantedSightings::applied),
            new Planted("node goes back", "N3", PlantedSightings::back),
            new Planted("node sees the future", "S1", PlantedSightings::future),
            new Planted("node saw a promise broken", "N1", PlantedSightings::broken),
            new Planted("pod left behind", "S3", PlantedHolds::behind),
            new Planted("pod left stale", "S8", PlantedHolds::stale));

    /** Wrong where rows say what was made: without them calls of unknown fate might explain it. */
    static final List<Planted> WITH_ROWS = List.of(
            new Planted("row of an acknowledged change dropped", "S1", PlantedRows::drop),
            new Planted("change made twice", "S1", PlantedRows::twice),
            new Planted("count of a row", "S1", PlantedRows::count),
            new Planted("version given twice", "S4", PlantedRows::versionTwice),
            new Planted("change nobody asked for", "S1", PlantedRows::ofNobody),
            new Planted("more taken than there was", "S6", PlantedRows::belowZero),
            new Planted("hold that nobody acquired", "S1", PlantedRows::acquiredByNobody),
            new Planted("hold that nobody released", "S1", PlantedRows::releasedByNobody),
            new Planted("hold acquired where it stands", "S1", PlantedRows::acquiredTwice),
            new Planted("count of an answer", "S1", PlantedAnswers::count),
            new Planted("version that never was", "S1", PlantedAnswers::version),
            new Planted("change said to be a no op", "S1", PlantedAnswers::noOp),
            new Planted("change said to be refused", "S1", PlantedAnswers::refused),
            new Planted("change said not to be made", "S2", PlantedAnswers::notDone),
            new Planted("refused where it was possible", "S6", PlantedAnswers::wronglyRefused),
            new Planted("stale read of what never was", "S1", PlantedAnswers::stale),
            new Planted("hold said to stand where it does not", "S1", PlantedAnswers::hold),
            new Planted("node sees another count", "S4", PlantedSightings::count),
            new Planted("hold of the living ended", "S7", PlantedHolds::ended),
            new Planted("hold of the dead stands", "S7", PlantedHolds::stands),
            new Planted("lease that is longer", "S7", PlantedHolds::early),
            new Planted("renewal that stood", "S7", PlantedHolds::renewed),
            new Planted("hold without lease ended", "S7", PlantedHolds::withoutLease));

    /** Wrong although no rows say what was made. */
    static final List<Planted> WITHOUT_ROWS = List.of(
            new Planted("acknowledged change lost", "S4", PlantedGaps::lost),
            new Planted("acknowledged change made twice", "S1", PlantedGaps::doubled),
            new Planted("count of an acknowledged change", "S1", PlantedGaps::count),
            new Planted("version acknowledged twice", "S4", PlantedGaps::versionTwice));

    @Override
    public String toString() {
        return name;
    }
}
