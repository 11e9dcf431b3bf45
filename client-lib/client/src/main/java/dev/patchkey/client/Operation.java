package dev.patchkey.client;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A hold change under way at the service, over all its attempts, which share one number. Guarded by its node hold. */
final class Operation {

    /** With the backoff below these span some seconds: a blip is ridden out, an outage is told. */
    static final int MOST_ATTEMPTS = 6;

    private static final Duration BACKOFF_BASE = Duration.ofMillis(50);
    private static final Duration BACKOFF_CAP = Duration.ofSeconds(2);

    /** How far it has come. */
    enum Stage {
        /** Not sent, or to be sent again, as soon as there is a session and the retry is due. */
        WAITING,
        /** Sent and not answered. */
        SENT,
        /** Granted; this node is being rebound. */
        REBINDING,
        /** Given up until the next session. */
        PARKED
    }

    final boolean acquire;
    final long number;
    Stage stage = Stage.WAITING;
    int attempts;

    /** Whether some attempt may have been applied without an answer. */
    boolean unknown;

    /** In whose name the newest attempt was made. */
    @Nullable Standing standing;

    @Nullable Exception lastFailure;

    /** When it is tried again; null if nothing but a session is missing. */
    @Nullable ScheduledFuture<?> retry;

    private final Backoff backoff = new Backoff(
            BACKOFF_BASE, BACKOFF_CAP, () -> ThreadLocalRandom.current().nextDouble());

    Operation(boolean acquire, long number) {
        this.acquire = acquire;
        this.number = number;
    }

    boolean isBusy() {
        return stage == Stage.SENT || stage == Stage.REBINDING;
    }

    Duration nextDelay() {
        return backoff.next();
    }

    void cancelRetry() {
        if (retry != null) {
            retry.cancel(false);
            retry = null;
        }
    }

    /** A new session begins: whatever it waited for. */
    void resume() {
        if (!isBusy()) {
            cancelRetry();
            stage = Stage.WAITING;
            attempts = 0;
        }
    }
}
