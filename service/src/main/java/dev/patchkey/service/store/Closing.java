package dev.patchkey.service.store;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Ends executors, all of them within one bound: a pod that is told to go has half a minute for everything. */
public final class Closing {

    private Closing() {}

    /**
     * Lets what has begun, and what waits, end; takes nothing more.
     *
     * @return whether all of it has ended in time
     */
    public static boolean within(Duration patience, ExecutorService... executors) {
        for (ExecutorService executor : executors) {
            executor.shutdown();
        }
        long deadline = System.nanoTime() + patience.toNanos();
        boolean ended = true;
        try {
            for (ExecutorService executor : executors) {
                ended &= executor.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return ended;
    }
}
