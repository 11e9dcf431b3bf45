package dev.patchkey.client;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.statickey.StaticKey;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A node whose callers are virtual threads, to be run with one carrier: says whether all came to their end. */
final class OneCarrier {

    private static final int THREADS = 3_000;

    /** Few, so that threads wait for the same acquire, and more than are requested at once. */
    private static final int KEYS = 40;

    private static final AtomicInteger LIES = new AtomicInteger();

    private OneCarrier() {}

    public static void main(String[] arguments) throws ReflectiveOperationException, InterruptedException {
        // By reflection, since there are no virtual threads in the oldest JDK that this is compiled for.
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        List<StaticKey> keys = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            keys.add(StaticKey.of("carried." + i));
        }
        CountDownLatch left = new CountDownLatch(THREADS);
        try (FakeService fake = FakeService.start();
                Patchkey node =
                        Patchkey.builder(fake.uri()).application("one-carrier").start()) {
            node.onChange(change -> keys.get(0).isEnabled());
            for (int i = 0; i < THREADS; i++) {
                StaticKey key = keys.get(i % KEYS);
                start.invoke(null, (Runnable) () -> {
                    hold(node, key);
                    left.countDown();
                });
            }
            boolean ended = left.await(Long.parseLong(arguments[0]), TimeUnit.SECONDS);
            System.out.println(ended ? "ended, with " + LIES + " lies" : "starved, " + left.getCount() + " left");
        }
        System.exit(0);
    }

    private static void hold(Patchkey node, StaticKey key) {
        try (Hold hold = node.acquire(key, Duration.ofSeconds(30))) {
            if (!key.isEnabled()) {
                LIES.incrementAndGet();
            }
            Thread.sleep(1); // lets others run while it holds
            if (!key.isEnabled() || !hold.isLive()) {
                LIES.incrementAndGet();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
