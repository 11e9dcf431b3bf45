package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.util.function.IntSupplier;

/** What is documented not to be done: the initialiser concerns the key once more after a preparation that uses its class. */
public final class RegistersTwice implements IntSupplier {

    private static final StaticKey KEY = StaticKey.of(DuringInitialisation.key());

    private static volatile int prepared;

    static {
        KEY.beforeEnable(RegistersTwice::prepare);
        DuringInitialisation.keyIsMade();
        KEY.beforeEnable(RegistersTwice::prepare);
    }

    private static void prepare() {
        prepared = 1;
    }

    public RegistersTwice() {}

    @Override
    public int getAsInt() {
        return prepared;
    }
}
