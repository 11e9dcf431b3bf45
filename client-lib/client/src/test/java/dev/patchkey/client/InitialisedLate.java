package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.util.function.IntSupplier;

/**
 * A class of an application, whose initialiser makes a key and prepares what the guarded code uses. Its value: -1 if the
 * key is seen enabled without what is prepared, else 1 or 0 as the key is enabled or not.
 */
public final class InitialisedLate implements IntSupplier {

    private static final StaticKey KEY = StaticKey.of(DuringInitialisation.key());

    private static volatile boolean prepared;

    static {
        DuringInitialisation.keyIsMade();
        KEY.beforeEnable(InitialisedLate::prepare);
    }

    private static void prepare() {
        prepared = true;
    }

    public InitialisedLate() {}

    @Override
    public int getAsInt() {
        boolean enabled = KEY.isEnabled();
        return enabled && !prepared ? -1 : enabled ? 1 : 0;
    }
}
