package dev.patchkey.statickey;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;

/**
 * The timer behind {@link CompletableFuture}. Runs tasks where the JDK's asynchronous ones run: in the common pool, or
 * on threads of their own where that has too few.
 *
 * <p>The JDK starts the timer's thread for whoever needs it first, and it lives as long as the JVM, with all that a
 * thread takes over from the one that starts it: the context class loader, inheritable thread-locals, the thread group,
 * and on JDK 17 the protection domains, and so the class loaders, of the classes on the stack. Any of these may keep an
 * application that has gone. Hence the first use has it started by a thread that has nothing of an application's.
 * Nothing of the caller's thread is changed for that, since not every thread allows it.
 */
final class JdkTimer implements Timer {

    static final JdkTimer INSTANCE = new JdkTimer(task -> {
        CompletableFuture<Void> unused = CompletableFuture.runAsync(task);
    });

    /**
     * How long a caller waits for the timer's thread to be started, under a key's lock: far longer than it takes to
     * start three threads, and short for a machine on which that hangs.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Whether the timer's thread has been started. Two callers that find it false at once do no harm. */
    private static volatile boolean started;

    private final Executor executor;

    JdkTimer(Executor executor) {
        this.executor = executor;
    }

    @Override
    public Scheduled schedule(long delayNanos, Runnable task) {
        if (!started) {
            startFromElsewhere();
        }
        CompletableFuture<Boolean> elapsed = new CompletableFuture<>();
        // What depends on it comes first, or this thread would run it if the time were over by then.
        CompletableFuture<Void> unused = elapsed.thenAccept(due -> {
            if (due) {
                execute(task);
            }
        });
        CompletableFuture<Boolean> same = elapsed.completeOnTimeout(true, delayNanos, TimeUnit.NANOSECONDS);
        // Not cancelled but completed: a future that ends in an exception stays in the timer of older JDKs.
        return () -> same.complete(false);
    }

    /** On the timer's thread. */
    @SuppressWarnings("CatchingUnchecked")
    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable e) {
            // No thread can be had. The timer's own is then held for one edge, which delays every timeout in the JVM;
            // but nobody else would disable the key, and the future would keep the failure to itself.
            task.run();
        }
    }

    /**
     * Has the timer's thread started, if nobody has done so yet. If that fails, the next call tries again, and this one
     * goes on without: it may be running already, and a key that is not disabled would be worse than a loader that is
     * kept.
     */
    @SuppressWarnings("CatchingUnchecked")
    private static void startFromElsewhere() {
        try {
            Thread starter = new Thread(root(), JdkTimer::start, "patchkey-timer-start", 0, false);
            starter.setContextClassLoader(ClassLoader.getSystemClassLoader());
            starter.setDaemon(true);
            starter.start();
            join(starter);
        } catch (Throwable ignored) {
            // As said above.
        }
    }

    private static ThreadGroup root() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) { // ends: groups are a tree
            group = group.getParent();
        }
        return group;
    }

    /**
     * On a thread that has inherited neither loader nor thread-locals. The pool is for the protection domains: the JDK
     * creates its workers with none of the caller's, and there the timer is asked by the JDK's classes alone, once the
     * first stage, which is ours, has returned.
     */
    private static void start() {
        ForkJoinPool pool = new ForkJoinPool(1);
        try {
            CompletableFuture<Boolean> begun = new CompletableFuture<>();
            Executor timer = CompletableFuture.delayedExecutor(1, TimeUnit.NANOSECONDS, Runnable::run);
            CompletableFuture<Void> timed = begun.thenAcceptAsync(begin -> started = begin, timer);
            CompletableFuture<Boolean> unused = begun.completeAsync(() -> true, pool);
            timed.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (Exception ignored) {
            // The next call tries again, unless the timer's thread is just late.
        } finally {
            pool.shutdown();
        }
    }

    /** Waits for the end of the thread, for so long at most, and also if the caller is interrupted. */
    private static void join(Thread thread) {
        boolean interrupted = false;
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (long left = PATIENCE.toNanos(); left > 0 && thread.isAlive(); left = end - System.nanoTime()) {
            try {
                TimeUnit.NANOSECONDS.timedJoin(thread, left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
