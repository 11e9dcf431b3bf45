package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.CompletableFuture;

/** The threads that wait together for the node's hold on a key. Guarded by its node hold, but for the future. */
final class Acquisition {

    final StaticKey key;

    /** Completes with a tenure that has one reference for each thread that waits then. */
    final CompletableFuture<Tenure> granted = new CompletableFuture<>();

    int waiters;

    Acquisition(StaticKey key) {
        this.key = key;
    }
}
