package dev.patchkey.statickey;

import org.junit.jupiter.api.Test;

@Invariant(
        number = "N2",
        text = "Waiters wait for the rebind, not for the number: an enable, acquire or mirror update that meets the"
                + " sentinel returns only after the rebinding has finished")
class WaitersWaitModelTest {

    private static final Meeting ENABLE_MEETS_ENABLE = new Meeting("=> increment | increment testFolded =>");

    /** The answer to a request carries the version that the stream is just applying. */
    private static final Meeting ANSWER_MEETS_STREAM = new Meeting("=> apply(1,1) | apply(1,1) testFolded =>");

    private static final Meeting OLDER_MEETS_APPLY = new Meeting("apply(1,2) => apply(1,3) | apply(1,1) =>");

    @Test
    void anIncrementReturnsWhenNobodyRunsTheOldBranch() {
        ModelCheck.holdsIn(
                LocalKeyModel.CHECK,
                ENABLE_MEETS_ENABLE,
                new Meeting("increment => decrement | increment testFolded => count"),
                new Meeting("=> increment | increment | increment testFolded =>"));
    }

    @Test
    void anApplyReturnsWhenTheEdgeThatItMeetsHasEnded() {
        ModelCheck.holdsIn(
                MirroredKeyModel.CHECK,
                ANSWER_MEETS_STREAM,
                OLDER_MEETS_APPLY,
                new Meeting("apply(1,1) => apply(1,2) | apply(1,2) testFolded =>"),
                new Meeting("apply(1,1) => stale | stale testFolded =>"),
                new Meeting("apply(1,1) stale => apply(1,1) | apply(1,1) testFolded =>"));
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesBeforeItRebinds() {
        LocalKeyModel.CHECK.catches(
                "PublishesFirst",
                Broken.PublishesFirst::new,
                ENABLE_MEETS_ENABLE,
                "increment(): void",
                "testFolded(): false");
    }

    @Test
    void theCheckerCatchesAMirrorThatAnnouncesBeforeItRebinds() {
        MirroredKeyModel.CHECK.catches(
                "AnnouncesFirst",
                Broken.AnnouncesFirst::new,
                ANSWER_MEETS_STREAM,
                "not newer before the edge had ended");
    }

    @Test
    void theCheckerCatchesAMirrorThatAnswersAnOldVersionAtOnce() {
        MirroredKeyModel.CHECK.catches(
                "ReturnsEarlyIfNotNewer",
                Broken.ReturnsEarlyIfNotNewer::new,
                OLDER_MEETS_APPLY,
                "apply(1, 1): not newer before the edge had ended");
    }
}
