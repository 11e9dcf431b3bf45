package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a key at each step of its rebinds. Keeps what it finds wrong rather than throwing it into the rebind, where
 * it would be taken for the failure of one.
 */
final class Witness implements ModelSite.Listener {

    /** Looks at the key: asserts what must hold at every step, and says whether the key is enabled. */
    private final Function<String, Boolean> look;

    private final List<Boolean> seen = new ArrayList<>();
    private @Nullable AssertionError wrong;

    Witness(Function<String, Boolean> look) {
        this.look = look;
    }

    @Override
    public void at(ModelSite.Phase phase, MethodHandle target) {
        look("rebinding to " + nameOf(target) + " has " + phase);
    }

    void look(String when) {
        try {
            seen.add(look.apply(when));
        } catch (AssertionError e) {
            wrong = wrong == null ? e : wrong;
        }
    }

    /** Throws what was wrong at any step, or if the key was not seen to change once, and once only, to that. */
    void sawOneChangeTo(boolean enabled) {
        throwWrong();
        long changes = 0;
        for (int i = 1; i < seen.size(); i++) {
            changes += seen.get(i).equals(seen.get(i - 1)) ? 0 : 1;
        }
        assertThat(seen.get(seen.size() - 1)).as("enabled at last, of %s", seen).isEqualTo(enabled);
        assertThat(changes)
                .as("changes between disabled and enabled, of %s", seen)
                .isLessThanOrEqualTo(1);
        seen.clear();
    }

    void throwWrong() {
        if (wrong != null) {
            throw wrong;
        }
    }

    static String nameOf(MethodHandle target) {
        return target == Targets.OFF ? "OFF" : target == Targets.SLOW ? "SLOW" : "ON";
    }
}
