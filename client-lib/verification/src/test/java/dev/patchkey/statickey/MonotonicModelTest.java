package dev.patchkey.statickey;

import org.junit.jupiter.api.Test;

@Invariant(
        number = "N3",
        text =
                "Monotonic: a node never applies an older version over a newer one; going stale is an overlay that leaves"
                        + " the version alone and lifts on the same version or a newer one")
class MonotonicModelTest {

    private static final Meeting ANY_ORDER = new Meeting("=> apply(1,3) | apply(1,2) => test");
    private static final Meeting EPOCHS = new Meeting("=> apply(1,3) | apply(2,1) => count");
    private static final Meeting STALE_MEETS_OLDER = new Meeting("apply(1,3) => stale | apply(1,1) => test");
    private static final Meeting STALE_MEETS_NEWER = new Meeting("apply(1,2) => stale | apply(1,1) => test");

    @Test
    void versionsInAnyOrderEndAtTheNewest() {
        ModelCheck.holdsIn(
                MirroredKeyModel.CHECK,
                ANY_ORDER,
                EPOCHS,
                STALE_MEETS_OLDER,
                STALE_MEETS_NEWER,
                new Meeting("=> apply(1,1) | apply(1,2) | apply(1,3) => count"));
    }

    @Test
    void theCheckerCatchesLastWriteWins() {
        MirroredKeyModel.CHECK.catches(
                "LastWriteWins", Broken.LastWriteWins::new, ANY_ORDER, "apply(1, 3): newer", "test(): false");
    }

    @Test
    void theCheckerCatchesRevisionsComparedAcrossEpochs() {
        MirroredKeyModel.CHECK.catches(
                "IgnoresEpoch", Broken.IgnoresEpoch::new, EPOCHS, "apply(2, 1): newer", "count(): 3");
    }

    @Test
    void theCheckerCatchesStalenessLiftedByAnOlderVersion() {
        MirroredKeyModel.CHECK.catches(
                "LiftsOnAnything", Broken.LiftsOnAnything::new, STALE_MEETS_OLDER, "stale(): stale", "test(): true");
    }

    @Test
    void theCheckerCatchesStalenessThatForgetsTheVersion() {
        MirroredKeyModel.CHECK.catches(
                "StaleForgets", Broken.StaleForgets::new, STALE_MEETS_NEWER, "apply(1, 1): newer");
    }
}
