package dev.patchkey.client;

import dev.patchkey.statickey.Enablement;
import dev.patchkey.statickey.StaticCall;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** An application with a load of the library of its own: it uses all of it, closes the node, and nothing else. */
public final class BringsTheLibrary implements Consumer<URI> {

    private static final StaticKey HELD = StaticKey.of("brings.held");
    private static final StaticKey LOCAL = StaticKey.of("brings.local");
    private static final StaticCall<String> CALL = HELD.select("off", "on");
    private static final ThreadLocal<Object> REQUEST = new InheritableThreadLocal<>();
    private static final Duration LONG = Duration.ofSeconds(20);

    static {
        HELD.beforeEnable(() -> LOCAL.isEnabled());
        HELD.beforeEnable(() -> LOCAL.isEnabled()).close();
    }

    public BringsTheLibrary() {}

    @Override
    public void accept(URI service) {
        REQUEST.set(this);
        Enablement enabledForGood = LOCAL.enable();
        CountDownLatch told = new CountDownLatch(1);
        try (Patchkey node = Patchkey.builder(service).application("brings").start()) {
            require(node.awaitReady(LONG));
            node.onChange(change -> told.countDown());
            node.acquire(HELD).close();
            Hold neverClosed = node.acquire(HELD);
            require(CALL.get().equals("on") && neverClosed.isLive());
            require(told.await(LONG.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        require(enabledForGood.key().isEnabled());
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new AssertionError();
        }
    }
}
