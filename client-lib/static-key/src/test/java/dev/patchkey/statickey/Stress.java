package dev.patchkey.statickey;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Many threads, more than processors, that do one thing over and over. */
final class Stress {

    private Stress() {}

    /** Runs the turn on each thread until the time is over or a turn returns false; throws what a turn threw. */
    static void run(int threads, Duration atMost, BooleanSupplier turn) {
        long end = System.nanoTime() + atMost.toNanos();
        CyclicBarrier start = new CyclicBarrier(threads);
        List<Actor> actors = IntStream.range(0, threads)
                .mapToObj(i -> Actor.start("stress " + i, () -> {
                    await(start);
                    while (turn.getAsBoolean()) {
                        if (System.nanoTime() - end > 0) {
                            return;
                        }
                    }
                }))
                .toList();
        actors.forEach(Actor::finish);
    }

    static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
