package dev.patchkey.statickey;

import java.util.List;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N7",
        text =
                "Late keys are right: a static key created after its key was enabled starts enabled, without I/O or waiting"
                        + " in its class initialiser")
class LateKeysModelTest {

    private static final Meeting MADE_WHILE_APPLIED_TO = new Meeting("=> apply(1) | ofAndTest => ofAndTest");

    @Test
    void aKeyMadeWhileItsKeyIsAppliedToMissesNothing() {
        LateKeyModel.CHECK.holds(
                "the registry",
                LateKeyModel.Ours::new,
                List.of(
                        MADE_WHILE_APPLIED_TO,
                        new Meeting("apply(2) => apply(3) | ofAndTest => ofAndTest"),
                        new Meeting("apply(1) => stale | ofAndTest => ofAndTestFolded"),
                        new Meeting("=> apply(1) | apply(2) | ofAndTest => ofAndTestFolded")));
    }

    @Test
    void theCheckerCatchesAHandoverWithAGap() {
        LateKeyModel.CHECK.catches(
                "LooksThenPuts",
                LateKeyModel.LooksThenPuts::new,
                MADE_WHILE_APPLIED_TO,
                "apply(1): true",
                "ofAndTest(): false");
    }
}
