package dev.patchkey.client;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A hold change under way at the service, over all its attempts, which share one number. Guarded by its node hold. */
final class Operation {

    /** A release that has failed so often is logged: more than a blip, and the key stays enabled meanwhile. */
    static final int TOLD_ATTEMPTS = 5;

    private static final Duration BACKOFF_BASE = Duration.ofMillis(50);
    private static final Duration ACQUIRE_BACKOFF_CAP = Duration.ofSeconds(2);

    /** Of a release, which is tried for as long as the lease stands, since until then it keeps the key enabled. */
    private static final Duration RELEASE_BACKOFF_CAP = Duration.ofSeconds(30);

    /** How far it has come. */
    enum Stage {
        /** Not sent, or to be sent again, as soon as there is a session and the retry is due. */
        WAITING,
        /** In line to be sent. */
        QUEUED,
        /** Sent and not answered. */
        SENT,
        /** Granted; this node is being rebound. */
        REBINDING
    }

    final boolean acquire;
    final long number;
    Stage stage = Stage.WAITING;
    int attempts;

    /** Whether some attempt may have been applied without an answer. */
    boolean unknown;

    @Nullable Exception lastFailure;

    /** When it is tried again; null if nothing but a session is missing. */
    @Nullable ScheduledFuture<?> retry;

    private final Backoff backoff;

    Operation(boolean acquire, long number) {
        this.acquire = acquire;
        this.number = number;
        this.backoff = new Backoff(
                BACKOFF_BASE,
                acquire ? ACQUIRE_BACKOFF_CAP : RELEASE_BACKOFF_CAP,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    boolean isBusy() {
        return stage != Stage.WAITING;
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
