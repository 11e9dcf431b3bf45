package dev.patchkey.client;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The node's threads but for the rebinder's: daemons, with names that say whose they are. */
final class Threads {

    /** After how long it is asked again for a thread that could not be had. */
    private static final Duration THREAD_WAIT = Duration.ofSeconds(1);

    private final System.Logger logger;

    /** One thread: the channel's, which is the timer's too. */
    private final ScheduledExecutorService channel;

    /**
     * For the HTTP client, requests and listeners. Unbounded in itself, but bounded by its users: one task for each key
     * whose hold is changing, one for each listener.
     */
    private final ExecutorService workers;

    Threads(System.Logger logger) {
        this.logger = logger;
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, named("patchkey-channel"));
        scheduler.setRemoveOnCancelPolicy(true);
        scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        channel = scheduler;
        AtomicInteger number = new AtomicInteger();
        workers = Executors.newCachedThreadPool(
                task -> named("patchkey-worker-" + number.incrementAndGet()).newThread(task));
    }

    private static ThreadFactory named(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    ScheduledExecutorService channel() {
        return channel;
    }

    ExecutorService workers() {
        return workers;
    }

    /** Runs something on a worker, as soon as there is one; nothing once closed. */
    void run(Runnable task) {
        try {
            workers.execute(() -> {
                try {
                    task.run();
                } catch (Throwable e) {
                    logger.log(System.Logger.Level.ERROR, "a worker met a bug", e);
                }
            });
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed; nobody waits for this", e);
        } catch (OutOfMemoryError e) {
            // The machine has no thread to give; whoever counts on the task has no other way to go on.
            logger.log(System.Logger.Level.WARNING, "there is no thread now, and it is tried again", e);
            var unused = runLater(THREAD_WAIT, task);
        }
    }

    /** Runs something on a worker, later; null once closed. */
    @Nullable ScheduledFuture<?> runLater(Duration delay, Runnable task) {
        try {
            return channel.schedule(() -> run(task), delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed; nobody waits for this", e);
            return null;
        }
    }

    void close() {
        try {
            // After what it has been given so far: a connection that is to be cut among it.
            channel.execute(channel::shutdown);
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed already", e);
        }
        workers.shutdown();
    }
}
