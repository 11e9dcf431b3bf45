package dev.patchkey.statickey;

import java.util.List;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N1",
        text =
                "Enabled means rebound: for every observer isEnabled() == (count() > 0), linearizably; once any thread has"
                        + " observed a key enabled in any way, every later test takes the enabled path until a disable begins")
class EnabledMeansReboundModelTest {

    private static final Meeting UP = new Meeting("=> increment | test testFolded =>");
    private static final Meeting UP_FOLDED_FIRST = new Meeting("=> increment | testFolded test =>");
    private static final Meeting UP_COUNTED = new Meeting("=> increment | count testFolded =>");
    private static final Meeting DOWN = new Meeting("increment => decrement | test testFolded =>");
    private static final Meeting DOWN_COUNTED = new Meeting("increment => decrement | count testFolded =>");
    private static final Meeting APPLIED_UP = new Meeting("=> apply(1,1) | test testFolded =>");
    private static final Meeting APPLIED_UP_FOLDED_FIRST = new Meeting("=> apply(1,1) | testFolded test =>");
    private static final Meeting APPLIED_UP_COUNTED = new Meeting("=> apply(1,1) | count testFolded =>");
    private static final Meeting APPLIED_DOWN_COUNTED = new Meeting("apply(1,1) => apply(1,2) | count testFolded =>");
    private static final Meeting STALE_COUNTED = new Meeting("apply(1,1) => stale | count testFolded =>");
    private static final Meeting STATE = new Meeting("=> apply(1,1) | state test =>");
    private static final Meeting CALLED = new Meeting("=> increment | test call =>");
    private static final Meeting GUARDED = new Meeting("=> increment | guarded =>");

    @Test
    void aLocalKeyIsACount() {
        ModelCheck.holds(
                LocalKeyModel.CHECK,
                UP,
                UP_FOLDED_FIRST,
                UP_COUNTED,
                DOWN,
                DOWN_COUNTED,
                new Meeting("increment => decrement | testFolded count =>"),
                new Meeting("=> increment | increment | testFolded test =>"),
                new Meeting("increment => decrement | increment | testFolded count =>"));
    }

    @Test
    void aMirroredKeyIsACountWithAVersion() {
        ModelCheck.holds(
                MirroredKeyModel.CHECK,
                APPLIED_UP,
                APPLIED_UP_FOLDED_FIRST,
                APPLIED_UP_COUNTED,
                APPLIED_DOWN_COUNTED,
                STALE_COUNTED,
                new Meeting("apply(1,1) stale => apply(1,1) | count testFolded =>"),
                new Meeting("apply(1,1) => apply(1,3) | count testFolded =>"));
    }

    @Test
    void whatIsMirroredAgreesWithTheTests() {
        MirroredKeyModel.WithState.CHECK.holds(
                "the key",
                Subject::ours,
                List.of(
                        STATE,
                        new Meeting("=> apply(1,1) | test state =>"),
                        new Meeting("apply(1,1) => stale | state testFolded =>")));
    }

    @Test
    void aStaticCallNeverContradictsItsKey() {
        StaticCallModel.CHECK.holds(
                "the key",
                StaticCallModel::ours,
                List.of(
                        CALLED,
                        new Meeting("=> increment | call test =>"),
                        new Meeting("=> increment | test callFolded =>"),
                        new Meeting("increment => decrement | call test =>")));
    }

    @Test
    void aPreparationIsCompleteBeforeAnybodySeesTheKeyEnabled() {
        ModelCheck.holds(PreparedKeyModel.CHECK, GUARDED, new Meeting("=> increment | increment guardedFolded =>"));
    }

    @Test
    void theCheckerCatchesTwoTargets() {
        LocalKeyModel.CHECK.catches("TwoTargets", Broken.TwoTargets::new, UP, "test(): true", "testFolded(): false");
        MirroredKeyModel.CHECK.catches(
                "TwoTargets", Broken.TwoTargets::new, APPLIED_UP, "test(): true", "testFolded(): false");
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesBeforeItRebinds() {
        LocalKeyModel.CHECK.catches(
                "PublishesFirst", Broken.PublishesFirst::new, UP_COUNTED, "count(): 1", "testFolded(): false");
        MirroredKeyModel.CHECK.catches(
                "PublishesFirst", Broken.PublishesFirst::new, APPLIED_UP_COUNTED, "count(): 1", "testFolded(): false");
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesAfterItHasRebound() {
        LocalKeyModel.CHECK.catches(
                "PublishesLast", Broken.PublishesLast::new, UP, "test(): true", "testFolded(): false");
        MirroredKeyModel.CHECK.catches(
                "PublishesLast", Broken.PublishesLast::new, APPLIED_UP, "test(): true", "testFolded(): false");
    }

    @Test
    void theCheckerCatchesADecrementThatPublishesBeforeItRebinds() {
        LocalKeyModel.CHECK.catches(
                "PublishesZeroFirst", Broken.PublishesZeroFirst::new, DOWN_COUNTED, "count(): 0", "testFolded(): true");
        MirroredKeyModel.CHECK.catches(
                "PublishesZeroFirst",
                Broken.PublishesZeroFirst::new,
                APPLIED_DOWN_COUNTED,
                "count(): 0",
                "testFolded(): true");
        MirroredKeyModel.CHECK.catches(
                "PublishesZeroFirst, going stale",
                Broken.PublishesZeroFirst::new,
                STALE_COUNTED,
                "count(): 0",
                "testFolded(): true");
    }

    /** The sketch does not publish its version together with its count. */
    @Test
    void theCheckerCatchesAVersionPublishedBeforeItsCount() {
        MirroredKeyModel.WithState.CHECK.catches("Sketch", Sketch::new, STATE, "revision=1", "test(): false");
    }

    @Test
    void theCheckerCatchesAStaticCallWithACallSiteOfItsOwn() {
        StaticCallModel.CHECK.catches(
                "its own call site", StaticCallModel::withItsOwnSite, CALLED, "test(): true", "call(): false");
    }

    @Test
    void theCheckerCatchesAPreparationAfterPublication() {
        PreparedKeyModel.CHECK.catches("PreparesLate", Broken.PreparesLate::new, GUARDED, "guarded(): used null");
    }
}
