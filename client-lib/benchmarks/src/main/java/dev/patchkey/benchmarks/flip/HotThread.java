package dev.patchkey.benchmarks.flip;

import dev.patchkey.statickey.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts rounds of work that tests the key, as fast as it can, and remembers when it stood still. */
final class HotThread extends Thread {

    static final StaticKey KEY = StaticKey.detached("benchmark.recovery");

    /** So many that reading the clock after them does not show, and so few that they take microseconds. */
    private static final int ROUNDS_A_BATCH = 2000;

    /** Some batches' time; what is shorter is not told from a batch. */
    static final long SHORTEST_GAP_NANOS = 50_000;

    /** The count has cache lines to itself, with their neighbours. */
    private static final int PADDING = 32;

    /** Two batches ended so far apart. */
    record Gap(long endNanos, long nanos) {}

    private final AtomicLongArray count = new AtomicLongArray(2 * PADDING);
    private final List<Gap> gaps = new ArrayList<>();
    private volatile boolean stopped;
    private int value;

    HotThread(String name) {
        super(name);
        setDaemon(true);
    }

    @Override
    public void run() {
        long last = System.nanoTime();
        for (long batches = 0; !stopped; batches++) {
            value = batch(value);
            count.lazySet(PADDING, batches);
            long now = System.nanoTime();
            if (now - last > SHORTEST_GAP_NANOS) {
                gaps.add(new Gap(now, now - last));
            }
            last = now;
        }
    }

    /** Does as much for an enabled key as for a disabled one: by factors that no compiler turns into shifts. */
    private static int batch(int seed) {
        int value = seed;
        for (int i = 0; i < ROUNDS_A_BATCH; i++) {
            value = KEY.isEnabled() ? value * 1_664_525 + i : value * 1_103_515_245 + i;
        }
        return value;
    }

    long batches() {
        return count.get(PADDING);
    }

    /** Stops, and says when it stood still. */
    List<Gap> finish() throws InterruptedException {
        stopped = true;
        join();
        return gaps;
    }
}
