package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The threads that wait together for the node's hold on a key. Guarded by its node hold, but for the waiting. */
final class Acquisition {

    /** Decides what becomes of a waiter that gives up. */
    interface Leaving {
        /** Returns if it was decided meanwhile, and throws otherwise. */
        void leave(Acquisition left, String why, Exception cause);
    }

    final StaticKey key;

    int waiters;

    /** Completes with a tenure that has one reference for each thread that waits then. */
    private final CompletableFuture<Tenure> granted = new CompletableFuture<>();

    Acquisition(StaticKey key) {
        this.key = key;
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
