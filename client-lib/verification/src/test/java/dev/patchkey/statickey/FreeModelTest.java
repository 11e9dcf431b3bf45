package dev.patchkey.statickey;

import org.junit.jupiter.api.Test;

@Invariant(
        number = "N4",
        text = "Free: after warm-up a check compiles in C2 to the same code as static final boolean, takes no lock,"
                + " allocates nothing")
class FreeModelTest {

    private static final ModelCheck<Subject.Factory> LOCK_FREE = LocalKeyModel.CHECK.thatIsLockFree();

    private static final Meeting TESTED_IN_AN_EDGE = new Meeting("=> increment | test =>");

    @Test
    void aTestWaitsForNoEdge() {
        ModelCheck.holds(
                LOCK_FREE,
                TESTED_IN_AN_EDGE,
                new Meeting("=> increment | count testFolded =>"),
                new Meeting("increment => decrement | test testFolded =>"));
    }

    @Test
    void theCheckerCatchesATestThatLocks() {
        LOCK_FREE.catches(
                "LocksItsTest",
                Broken.LocksItsTest::new,
                TESTED_IN_AN_EDGE,
                "The algorithm should be non-blocking, but an active lock is detected");
    }
}
