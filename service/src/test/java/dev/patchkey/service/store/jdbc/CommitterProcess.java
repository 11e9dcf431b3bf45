package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;

import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.hazelcast.TestCluster;

/** A process that is to be killed: increments one key from some threads and prints each acknowledgement. */
final class CommitterProcess {
    static final int THREADS = 4;
    static final String KEY = "survivor";

    private CommitterProcess() {}

    public static void main(String[] arguments) {
        JdbcReferenceCounts counts =
                TestDatabase.at(arguments[0]).counts(TestCluster.ofOne().start());
        for (int t = 0; t < THREADS; t++) {
            int thread = t;
            Thread.ofPlatform().start(() -> {
                for (int i = 0; ; i++) {
                    String request = thread + "/" + i;
                    Outcome outcome = counts.submit(requested(on(KEY).increment(1), request, "hash"))
                            .join();
                    synchronized (CommitterProcess.class) {
                        System.out.println("ack " + request + " "
                                + ((Outcome.Done) outcome).version().revision());
                    }
                }
            });
        }
    }
}
