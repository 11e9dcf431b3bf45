package dev.patchkey.statickey;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A program of virtual threads, to be run with one carrier: says whether all of them came to their end. */
final class OneCarrier {

    private static final int THREADS = 5_000;

    /** Of few keys, so that threads meet at their locks. */
    private static final int KEYS = 3;

    private static final AtomicInteger LIES = new AtomicInteger();

    private OneCarrier() {}

    public static void main(String[] arguments) throws ReflectiveOperationException, InterruptedException {
        List<Runnable> bodies = arguments[0].equals("keys") ? threadsThatMeetAtKeys() : aThreadThatSpinsForAnother();
        // By reflection, since there are no virtual threads in the oldest JDK that this is compiled for.
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        CountDownLatch left = new CountDownLatch(bodies.size());
        for (Runnable body : bodies) {
            start.invoke(null, (Runnable) () -> {
                body.run();
                left.countDown();
            });
        }
        boolean ended = left.await(Long.parseLong(arguments[1]), TimeUnit.SECONDS);
        System.out.println(ended ? "ended, with " + LIES + " lies" : "starved");
        System.exit(0);
    }

    /** Who enables a key parks in its preparation, under the key's lock, and needs the carrier to go on. */
    private static List<Runnable> threadsThatMeetAtKeys() {
        List<StaticKey> keys = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            StaticKey key = StaticKey.detached("met." + i);
            key.beforeEnable(() -> park(1));
            keys.add(key);
        }
        List<Runnable> bodies = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            StaticKey key = keys.get(i % KEYS);
            boolean parks = i % 10 == 0;
            bodies.add(() -> {
                try (Enablement enablement = key.enable()) {
                    park(parks ? 1 : 0);
                    if (!enablement.key().isEnabled()) {
                        LIES.incrementAndGet();
                    }
                }
            });
        }
        return bodies;
    }

    /** What must not end: it shows that there is one carrier and no more. */
    private static List<Runnable> aThreadThatSpinsForAnother() {
        StaticKey key = StaticKey.detached("spun-for");
        return List.of(
                () -> {
                    while (!key.isEnabled()) {
                        Thread.onSpinWait();
                    }
                },
                () -> {
                    if (!key.enable().key().isEnabled()) {
                        LIES.incrementAndGet();
                    }
                });
    }

    private static void park(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
