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
 * them inherits the context class loader or the inheritable variables of the thread that happened to need it. A thread
 * group each does inherit, and up to JDK 23 an access control context, which refers to the class loaders of the starter's
 * callers. These are of the thread that opened the node, which starts the rebinder and the channel's thread; the workers
 * are started by the latter.
 */
final class Threads {

    /** After how long it is asked again for a thread that could not be had. */
    private static final Duration THREAD_WAIT = Duration.ofSeconds(1);

    private final System.Logger logger;

    /** One thread: the channel's, which is the timer's too. */
    private final ScheduledExecutorService channel;

    /**
     * For the HTTP client, requests, listeners, token suppliers and sockets that are to be cut. Unbounded in itself, but
     * bounded by its users: one task for each key whose hold is changing, one for each listener, and for each attempt to
     * connect, which are one at a time and further and further apart, one that asks for a token and one that cuts its
     * socket within seconds.
     */
    private final ExecutorService workers;

    Threads(System.Logger logger) {
        this.logger = logger;
        AtomicInteger number = new AtomicInteger();
        ExecutorService pool = Executors.newCachedThreadPool(
                task -> named("patchkey-worker-" + number.incrementAndGet()).newThread(task));
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, named("patchkey-channel")) {
            @Override
            protected void terminated() {
                // Not before: what the channel's thread still does may need a worker.
                pool.shutdown();
                super.terminated();
            }
        };
        scheduler.setRemoveOnCancelPolicy(true);
        scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        channel = scheduler;
        workers = pool;
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

    /** Runs something on a worker, as soon as there is one; false if it does not, as this is closed. */
    boolean run(Runnable task) {
        try {
            // The channel's thread starts the workers, for what they inherit: see above.
            channel.execute(() -> runHere(task));
            return true;
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed, and this is not run", e);
            return false;
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
            // After what it has been given so far: a connection that is to be cut among it. The workers follow.
            channel.execute(channel::shutdown);
        } catch (RejectedExecutionException e) {
            logger.log(System.Logger.Level.TRACE, "closed already", e);
        }
    }
}
