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

/**
 * The node's threads: daemons, with names that say whose they are. They serve whoever comes, and outlive most: so none of
 * them inherits anything of the thread that happened to need it, an application's class loader for instance.
 */
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
        return task -> daemon(name, task);
    }

    /** A thread that is not started yet, with the library's class loader for its context, and no inherited variables. */
    static Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(Threads.class.getClassLoader());
        return thread;
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
            // A new worker inherits, in older JDKs, the access control context of the thread that starts it, and with
            // it
            // the class loaders of all its callers: so the channel's thread starts them.
            channel.execute(() -> runHere(task));
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed; nobody waits for this", e);
        }
    }

    private void runHere(Runnable task) {
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
            return channel.schedule(() -> runHere(task), delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed; nobody waits for this", e);
            return null;
        }
    }

    /** Runs something short on the channel's thread, again and again until the end. */
    void every(Duration period, Runnable task) {
        var unused = channel.scheduleWithFixedDelay(task, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
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
