package dev.patchkey.statickey;

import java.util.List;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N5",
        text = "Balanced: the local count is never negative, never wraps; enabling at the maximum is a typed error that"
                + " changes nothing; closing twice is a no-op")
class BalancedModelTest {

    private static final Meeting DOWN_TWICE = new Meeting("increment increment => decrement | decrement => testFolded");
    private static final Meeting SENTINEL = new Meeting("=> increment | decrement => count");
    private static final Meeting DOWN_MEETS_UP = new Meeting("increment => decrement | increment => count");
    private static final Meeting DOWN_MEETS_UP_AND_DOWN =
            new Meeting("increment => decrement | increment decrement => count");
    private static final Meeting THREE = new Meeting("increment increment => decrement | increment => count");
    private static final Meeting AT_MAXIMUM = new Meeting("=> increment | increment => count");
    private static final Meeting CLOSED_TWICE = new Meeting("=> close | close => otherStands");

    @Test
    void noReferenceIsLostOrDoubled() {
        ModelCheck.holdsIn(
                LocalKeyModel.CHECK,
                DOWN_TWICE,
                SENTINEL,
                DOWN_MEETS_UP,
                DOWN_MEETS_UP_AND_DOWN,
                THREE,
                new Meeting("increment => decrement | decrement => count"));
    }

    @Test
    void enablingAtTheMaximumChangesNothing() {
        ModelCheck.holds(LocalKeyModel.NearMaximum.CHECK, AT_MAXIMUM, new Meeting("=> increment | decrement => count"));
    }

    @Test
    void closingTwiceIsANoOp() {
        EnablementModel.CHECK.holds("the enablement", EnablementModel::ours, List.of(CLOSED_TWICE));
    }

    @Test
    void theCheckerCatchesAFastDecrementFromOne() {
        LocalKeyModel.CHECK.catches(
                "DecrementsFastFromOne", Broken.DecrementsFastFromOne::new, DOWN_TWICE, "testFolded(): true");
    }

    /** The kernel's decrement until its commit 83ab38ef0a0b. */
    @Test
    void theCheckerCatchesADecrementThatLetsZeroThrough() {
        LocalKeyModel.CHECK.catches(
                "DecrementsFastUnlessOne",
                Broken.DecrementsFastUnlessOne::new,
                SENTINEL,
                "decrement(): void",
                "count.compareAndSet(0, -1): true");
    }

    /** The kernel's from there until 224fa3552029. */
    @Test
    void theCheckerCatchesAnEdgeDownThatTakesAnyCountForOne() {
        LocalKeyModel.CHECK.catches(
                "TakesAnyCountForOne",
                Broken.TakesAnyCountForOne::new,
                DOWN_MEETS_UP,
                "count(): 2",
                "count.compareAndExchange(1, 0): 2");
    }

    /** The kernel's from there until de752774f38b. */
    @Test
    void theCheckerCatchesAnEdgeDownThatTriesTwice() {
        LocalKeyModel.CHECK.catches(
                "RetriesOnce",
                Broken.RetriesOnce::new,
                DOWN_MEETS_UP_AND_DOWN,
                "decrement(): IllegalStateException",
                "count.compareAndExchange(1, 0): 2");
    }

    /** The kernel's de752774f38b itself, which never left linux-next. */
    @Test
    void theCheckerCatchesADecrementThatIsDoneTwice() {
        LocalKeyModel.CHECK.catches("DecrementsTwice", Broken.DecrementsTwice::new, THREE, "count(): 1");
    }

    @Test
    void theCheckerCatchesAnEdgeDownThatStoresZero() {
        LocalKeyModel.CHECK.catches("StoresZero", Broken.StoresZero::new, DOWN_MEETS_UP, "count(): 0", "count.set(0)");
    }

    @Test
    void theCheckerCatchesACountThatWraps() {
        LocalKeyModel.NearMaximum.CHECK.catches(
                "Wraps", Broken.Wraps::new, AT_MAXIMUM, "count.incrementAndGet(): " + Integer.MIN_VALUE);
    }

    @Test
    void theCheckerCatchesAnEnablementThatChecksAndThenActs() {
        EnablementModel.CHECK.catches(
                "check-then-act", BrokenClose::checksThenActs, CLOSED_TWICE, "otherStands(): false");
    }
}
