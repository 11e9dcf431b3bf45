package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The threads that wait together for the node's hold on a key. Guarded by its node hold, but for the waiting. */
final class Acquisition {

    /** Decides what becomes of a waiter that gives up. */
    interface Leaving {
        /** Returns if it was decided meanwhile, and throws otherwise. */
        void leave(Acquisition left, String why, Exception cause);
    }

    /**
     * How often the service may call an operation late. Once is what a lost answer and a lost lease make of it; as each
     * number is larger than all before, more is not to be expected at all.
     */
    private static final int MOST_SUPERSEDED = 8;

    /** The first two operations are sent at once: a grant that was overtaken is common, and a second one hardly ever. */
    private static final int AT_ONCE = 2;

    private static final Duration BACKOFF_BASE = Duration.ofMillis(50);
    private static final Duration BACKOFF_CAP = Duration.ofSeconds(2);

    final StaticKey key;

    int waiters;

    /** Whether some operation before the current one may have been applied. */
    boolean unknown;

    /** Why the newest operation before the current one was in vain; null if there was none. */
    @Nullable String inVain;

    private int operations;
    private int superseded;
    private final Backoff backoff = new Backoff(
            BACKOFF_BASE, BACKOFF_CAP, () -> ThreadLocalRandom.current().nextDouble());

    /** Completes with a tenure that has one reference for each thread that waits then. */
    private final CompletableFuture<Tenure> granted = new CompletableFuture<>();

    Acquisition(StaticKey key) {
        this.key = key;
    }

    /** How long to wait before one more operation is sent. */
    Duration beforeNextOperation() {
        operations++;
        return operations <= AT_ONCE ? Duration.ZERO : backoff.next();
    }

    /** The service has decided a later operation than the one sent; says whether to try with a new number. */
    boolean isToOutdo() {
        superseded++;
        return superseded <= MOST_SUPERSEDED;
    }

    void grant(Tenure tenure) {
        granted.complete(tenure);
    }

    void fail(Throwable failure) {
        granted.completeExceptionally(failure);
    }

    /** Waits until it is decided; at the timeout or an interrupt, as the leaving says. */
    Tenure await(Duration timeout, Leaving leaving) {
        try {
            return granted.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw forWaiter(e);
        } catch (TimeoutException e) {
            leaving.leave(this, "not within " + timeout, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            leaving.leave(this, "interrupted", e);
        }
        try {
            return granted.join();
        } catch (CompletionException e) {
            throw forWaiter(e);
        }
    }

    private static RuntimeException forWaiter(Exception wrapper) {
        return wrapper.getCause() instanceof PatchkeyException failure
                ? failure.forWaiter()
                : new IllegalStateException("a bug in the client", wrapper.getCause());
    }
}
