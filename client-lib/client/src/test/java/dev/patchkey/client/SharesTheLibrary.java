package dev.patchkey.client;

import dev.patchkey.statickey.Enablement;
import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticCall;
import dev.patchkey.statickey.StaticKey;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** An application that uses a library and a node that outlive it; the properties name its keys, and what it forgets to close. */
public final class SharesTheLibrary implements BiConsumer<Patchkey, Properties> {

    private static final InheritableThreadLocal<Object> REQUEST = new InheritableThreadLocal<>();

    private int used;

    public SharesTheLibrary() {}

    @Override
    public void accept(Patchkey node, Properties test) {
        REQUEST.set(this);
        String forgotten = test.getProperty("forgotten");
        StaticKey held = StaticKey.of(test.getProperty("held"));
        StaticKey local = StaticKey.of(test.getProperty("local"));
        StaticCall<Runnable> call = held.select(this::use, this::use);
        held.beforeEnable(this::use).close();
        held.beforeEnable(this::use); // lasts as long as the key
        local.beforeEnable(this::use);
        Enablement enabledForGood = local.enable();

        CountDownLatch told = new CountDownLatch(1);
        Registration listener = node.onChange(change -> {
            use();
            told.countDown();
        });
        Hold hold = node.acquire(held);
        call.get().run();
        await(told);
        if (!forgotten.equals("listener")) {
            listener.close();
        }
        if (!forgotten.equals("hold")) {
            hold.close();
        }
        if (used < 3 || !enabledForGood.key().isEnabled()) {
            throw new AssertionError("used " + used + " times");
        }
    }

    private synchronized void use() {
        used++;
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the listener was not told");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
