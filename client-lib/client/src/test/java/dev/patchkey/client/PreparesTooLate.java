package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.util.function.IntSupplier;

/** As {@link InitialisedLate}, but it registers its preparation after its initialiser, where a test may come before. */
public final class PreparesTooLate implements IntSupplier {

    private static final StaticKey KEY = StaticKey.of(DuringInitialisation.key());

    private static volatile boolean prepared;

    static {
        DuringInitialisation.keyIsMade();
    }

    public PreparesTooLate() {}

    @Override
    public int getAsInt() {
        boolean enabled = KEY.isEnabled();
        int value = enabled && !prepared ? -1 : enabled ? 1 : 0;
        KEY.beforeEnable(() -> prepared = true);
        return value;
    }
}
