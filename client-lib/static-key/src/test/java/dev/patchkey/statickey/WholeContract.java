package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.Mirror;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A program that uses all that a static key offers, in the way an application does, and fails at the first lie. */
final class WholeContract {

    private static final StaticKey LOCAL = StaticKey.of("contract.local");
    private static final StaticCall<String> CALL = LOCAL.select("off", "on");
    private static final StaticKey CONTENDED = StaticKey.of("contract.contended");

    private static final int THREADS = 4;
    private static final int TURNS = 20_000;

    private WholeContract() {}

    public static void main(String[] arguments) throws InterruptedException {
        counts();
        prepares();
        mirrors();
        survivesContention();
        StaticKey detached = StaticKey.detached("contract.detached");
        try (Enablement enablement = detached.enable()) {
            require(enablement.key().isEnabled(), "a detached key is enabled");
        }
        TreeSet<String> sites = new TreeSet<>();
        for (StaticKey key : List.of(LOCAL, CONTENDED, detached)) {
            sites.add(((FoldedKey) key).site().getClass().getSimpleName());
        }
        System.out.println("kept, on " + sites);
    }

    private static void counts() {
        require(!LOCAL.isEnabled() && LOCAL.count() == 0 && CALL.get().equals("off"), "a new key is disabled");
        Enablement first = LOCAL.enable();
        require(LOCAL.isEnabled() && LOCAL.count() == 1 && CALL.get().equals("on"), "an enabled key is enabled");
        Enablement second = LOCAL.enable();
        first.close();
        first.close();
        require(LOCAL.isEnabled() && LOCAL.count() == 1, "closing twice is a no-op");
        second.close();
        require(!LOCAL.isEnabled() && LOCAL.count() == 0 && CALL.get().equals("off"), "the last close disables");
    }

    private static void prepares() {
        StaticKey key = StaticKey.of("contract.prepared");
        AtomicInteger runs = new AtomicInteger();
        Registration counted = key.beforeEnable(() -> {
            require(!key.isEnabled(), "nobody sees the key enabled before its preparation is complete");
            runs.incrementAndGet();
        });
        key.enable().close();
        require(runs.get() == 1, "a preparation runs at the edge up");
        Registration failing = key.beforeEnable(() -> {
            throw new UnsupportedOperationException("failing");
        });
        require(thrownBy(key::enable) instanceof UnsupportedOperationException, "what a preparation throws is thrown");
        require(!key.isEnabled() && key.count() == 0, "a preparation that throws leaves the key disabled");
        failing.close();
        counted.close();
        key.enable().close();
        require(runs.get() == 2, "a preparation that was removed does not run");
    }

    private static void mirrors() {
        try (Mirror mirror = Mirror.attach()) {
            require(mirror.apply("contract.late", 2, 1, 1), "a version is newer than none");
            StaticKey late = StaticKey.of("contract.late");
            StaticCall<Integer> call = late.select(0, 1);
            require(late.isEnabled() && late.count() == 2 && call.get() == 1, "a late key starts enabled");
            require(!mirror.apply("contract.late", 0, 1, 0) && late.isEnabled(), "an older version is not applied");
            mirror.stale("contract.late");
            require(!late.isEnabled() && call.get() == 0, "a stale key reads as disabled");
            require(!mirror.apply("contract.late", 2, 1, 1) && late.isEnabled(), "the same version lifts staleness");
            require(mirror.apply("contract.late", 0, 1, 2) && !late.isEnabled(), "a newer version is applied");
            require(thrownBy(late::enable) instanceof IllegalStateException, "a mirrored key cannot be enabled");
            require(
                    thrownBy(() -> mirror.apply(LOCAL.name(), 1, 1, 1)) instanceof IllegalStateException,
                    "a local key cannot be mirrored");
            require(mirror.declared().getOrDefault("contract.late", 0) == 2, "a key and its static call are declared");
        }
    }

    private static void survivesContention() throws InterruptedException {
        AtomicInteger lies = new AtomicInteger();
        List<Thread> threads = IntStream.range(0, THREADS)
                .mapToObj(i -> new Thread(() -> {
                    for (int turn = 0; turn < TURNS; turn++) {
                        try (Enablement enablement = CONTENDED.enable()) {
                            if (!enablement.key().isEnabled() || CONTENDED.count() < 1) {
                                lies.incrementAndGet();
                            }
                        }
                    }
                }))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        require(lies.get() == 0, "whoever has enabled a key finds it enabled");
        require(CONTENDED.count() == 0 && !CONTENDED.isEnabled(), "what was enabled and closed is disabled");
    }

    private static @Nullable Throwable thrownBy(Runnable action) {
        try {
            action.run();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private static void require(boolean condition, String promise) {
        if (!condition) {
            throw new AssertionError("broken: " + promise);
        }
    }
}
