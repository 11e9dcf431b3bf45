package dev.patchkey.statickey;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A young JVM in which an application is the first to need the JDK's timer. Prints what the application is kept by. */
final class TimerMain {

    private TimerMain() {}

    public static void main(String[] args) throws Exception {
        Timer timer = args[0].equals("ours") ? Timer.ofTheJdk() : TimerMain::scheduleBare;
        ClassLoader application = new URLClassLoader(new URL[0]);
        ClassLoader own = Thread.currentThread().getContextClassLoader();
        CountDownLatch done = new CountDownLatch(1);
        Thread.currentThread().setContextClassLoader(application);
        timer.schedule(1, done::countDown);
        boolean kept = Thread.currentThread().getContextClassLoader() == application;
        Thread.currentThread().setContextClassLoader(own);
        if (!kept || !done.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the caller's context class loader is kept: " + kept);
        }
        List<String> keepers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getContextClassLoader() == application)
                .map(Thread::getName)
                .toList();
        System.out.println("kept by " + (keepers.isEmpty() ? "nobody" : keepers));
    }

    private static Timer.Scheduled scheduleBare(long delayNanos, Runnable task) {
        CompletableFuture<Void> unused =
                CompletableFuture.runAsync(task, CompletableFuture.delayedExecutor(delayNanos, TimeUnit.NANOSECONDS));
        return () -> {};
    }
}
