package dev.patchkey.client;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which key the rebinder is busy with, and since when: a preparation that blocks, or a safepoint that does not come, keeps
 * up every key of the node, and must not do so unseen. Written by the rebinder's thread, read by any.
 */
final class RebindWatch {

    /** Hundreds of times what a rebind takes with a thousand compiled methods that depend on it. */
    static final Duration LONG = Duration.ofSeconds(1);

    /** How often somebody looks. */
    static final Duration EVERY = Duration.ofSeconds(1);

    /** A rebind that has begun and not ended; no other is equal to it. */
    static final class Busy {

        private final String key;
        private final long beganNanos = System.nanoTime();
        private final Instant began = Instant.now();

        private Busy(String key) {
            this.key = key;
        }

        String key() {
            return key;
        }

        Duration lasts() {
            return Duration.ofNanos(System.nanoTime() - beganNanos);
        }

        /** When it began, by the wall clock. */
        Instant began() {
            return began;
        }
    }

    private volatile @Nullable Busy busy;

    /** The rebind that was told of last, if it has not ended. Of the looking thread alone. */
    private @Nullable Busy told;

    void begins(String key) {
        busy = new Busy(key);
    }

    void ends() {
        busy = null;
    }

    /** The rebind that takes so long that it is worth telling; null if there is none. */
    @Nullable Busy overdue() {
        Busy now = busy;
        return now != null && now.lasts().compareTo(LONG) > 0 ? now : null;
    }

    /** Logs an overdue rebind once, and its end. For one thread. */
    void look(System.Logger logger) {
        Busy before = told;
        Busy now = overdue();
        told = now;
        if (before != null && before != now) {
            logger.log(
                    System.Logger.Level.INFO,
                    "the rebind of key {0} has ended, and the keys behind it go on",
                    before.key);
        }
        if (now != null && before != now) {
            logger.log(
                    System.Logger.Level.WARNING,
                    "the rebind of key {0} has lasted for {1} ms: a preparation blocks, or a thread does not come to a"
                            + " safepoint. Until it ends no change is applied on this node",
                    now.key,
                    now.lasts().toMillis());
        }
    }
}
