package dev.patchkey.client;

import java.lang.ref.Reference;
import java.time.Duration;

/** What the garbage collector has taken. */
final class Garbage {

    /** Of an HTTP client that nobody refers to any more, whose selector looks around every 3 seconds. */
    static final Duration LONG = Duration.ofSeconds(30);

    private Garbage() {}

    /** Whether the referent is gone after so many collections as fit the time, or as few as it takes. */
    static boolean collects(Reference<?> reference, Duration within) {
        long end = System.nanoTime() + within.toNanos();
        while (!reference.refersTo(null) && System.nanoTime() - end < 0) {
            System.gc();
            NodeTest.pause(Duration.ofMillis(20));
        }
        return reference.refersTo(null);
    }
}
