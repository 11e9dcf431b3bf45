package dev.patchkey.statickey;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs tasks later, by a monotonic clock. The seam between a deferred disable and the time that it takes. */
interface Timer {

    /** A task that was scheduled. */
    @FunctionalInterface
    interface Scheduled {

        /** Forgets the task: the timer refers to it no more. A task that is running, or about to run, goes on. */
        void cancel();
    }

    /** Runs the task once, after at least so long, on a thread of the timer's. */
    Scheduled schedule(long delayNanos, Runnable task);

    /**
     * The JDK's own timer, which runs tasks where its asynchronous ones run: in the common pool, or on threads of their
     * own where that has too few. So the library has no thread that somebody would have to end.
     */
    static Timer ofTheJdk() {
        return (delayNanos, task) -> {
            // The timer's thread is started by whoever needs it first, and keeps that thread's context class loader for
            // the life of the JVM: it must not be an application's.
            Thread thread = Thread.currentThread();
            ClassLoader application = thread.getContextClassLoader();
            thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
            try {
                CompletableFuture<Boolean> elapsed =
                        new CompletableFuture<Boolean>().completeOnTimeout(true, delayNanos, TimeUnit.NANOSECONDS);
                CompletableFuture<Void> unused = elapsed.thenAccept(due -> {
                    if (due) {
                        CompletableFuture<Void> unusedToo = CompletableFuture.runAsync(task);
                    }
                });
                // Not cancelled but completed: a future that ends in an exception stays in the timer of older JDKs.
                return () -> elapsed.complete(false);
            } finally {
                thread.setContextClassLoader(application);
            }
        };
    }
}
