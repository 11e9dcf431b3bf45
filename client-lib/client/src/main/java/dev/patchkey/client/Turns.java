package dev.patchkey.client;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Sends a few hold requests at once and lets the others wait in line. Safe for use by several threads. */
final class Turns {

    /**
     * Enough to keep a pod busy over any round trip that a channel bears, and few beside what it serves: a node that
     * acquires thousands of keys at once must not take its connections from the others.
     */
    static final int MOST_AT_ONCE = 16;

    private final Threads threads;

    // Guarded by this. As long as there are keys whose hold is changing, each of which waits once.
    private final ArrayDeque<Supplier<CompletionStage<?>>> waiting = new ArrayDeque<>();
    private int atOnce;

    Turns(Threads threads) {
        this.threads = threads;
    }

    /** Runs it on a worker in its turn, which ends when what it returns completes. */
    void run(Supplier<CompletionStage<?>> request) {
        synchronized (this) {
            if (atOnce == MOST_AT_ONCE) {
                waiting.addLast(request);
                return;
            }
            atOnce++;
        }
        begin(request);
    }

    private void begin(Supplier<CompletionStage<?>> request) {
        threads.run(() -> {
            CompletionStage<?> sent = CompletableFuture.completedFuture(null);
            try {
                sent = request.get();
            } finally {
                var unused = sent.whenComplete((answer, failure) -> ended());
            }
        });
    }

    private void ended() {
        Supplier<CompletionStage<?>> next;
        synchronized (this) {
            next = waiting.pollFirst();
            if (next == null) {
                atOnce--;
                return;
            }
        }
        begin(next);
    }
}
