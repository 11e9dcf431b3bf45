package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A thread of a test. */
final class Actor {

    /** Long enough for anything that ends at all on a busy machine. */
    static final long PATIENCE_SECONDS = 60;

    /** Consecutive looks, a millisecond apart, that tell a wait from a pause for a class being loaded. */
    private static final int LOOKS = 25;

    private static final Set<Thread.State> STUCK =
            EnumSet.of(Thread.State.BLOCKED, Thread.State.WAITING, Thread.State.TIMED_WAITING);

    private final Thread thread;
    private volatile @Nullable Throwable failure;

    private Actor(String name, Runnable body) {
        thread = new Thread(
                () -> {
                    try {
                        body.run();
                    } catch (Throwable e) {
                        failure = e;
                    }
                },
                name);
        thread.setDaemon(true);
    }

    static Actor start(String name, Runnable body) {
        Actor actor = new Actor(name, body);
        actor.thread.start();
        return actor;
    }

    /** Waits until the thread has ended or waits for something; whether it has ended. */
    boolean endsWithoutWaiting() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        for (int stuck = 0; stuck < LOOKS; ) {
            if (!thread.isAlive()) {
                return true;
            }
            stuck = STUCK.contains(thread.getState()) ? stuck + 1 : 0;
            if (System.nanoTime() > deadline) {
                fail("%s neither ended nor waited", thread.getName());
            }
            sleepMillis(1);
        }
        return false;
    }

    /** Whether the thread ends in this time. */
    boolean endsWithin(Duration time) {
        try {
            thread.join(time.toMillis());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return !thread.isAlive();
    }

    /** Waits for the end of the thread, and throws what it threw. */
    void finish() {
        if (!endsWithin(Duration.ofSeconds(PATIENCE_SECONDS))) {
            fail("%s did not end: it is %s", thread.getName(), thread.getState());
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new AssertionError(thread.getName() + " threw " + thrown, thrown);
        }
    }

    static void sleepMillis(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
