package dev.patchkey.client;

import dev.patchkey.client.Status.Phase;
import dev.patchkey.client.protocol.Version;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the node's parts write down what they do, and where others read it or wait for it. Also logs each outage: its
 * beginning, its end, and in between at most once a minute. Safe for use by several threads.
 */
final class StatusBoard {

    /** How often a lasting outage is logged. */
    private static final Duration LOG_EVERY = Duration.ofMinutes(1);

    /** A wait that is for ever in all but name, and does not overflow the clock. */
    private static final long LONGEST_WAIT_NANOS = Long.MAX_VALUE / 2;

    private final String node;
    private final System.Logger logger;

    // All guarded by this, under which nothing is logged: a logger is foreign code, and may be slow
    private Phase phase = Phase.CONNECTING;
    private Instant since = Instant.now();
    private @Nullable String pod;
    private int attempts;
    private @Nullable String lastError;
    private @Nullable Instant nextRetry;
    private Version applied = Version.NONE;
    private @Nullable Instant loggedAt;
    private long connects;
    private long heardNanos = System.nanoTime();

    StatusBoard(String node, System.Logger logger) {
        this.node = node;
        this.logger = logger;
    }

    synchronized Status status(int heldKeys, int unreboundKeys, RebindWatch.@Nullable Busy overdue) {
        return new Status(
                phase,
                since,
                node,
                pod,
                attempts,
                lastError,
                nextRetry,
                applied.epoch(),
                applied.revision(),
                heldKeys,
                unreboundKeys,
                overdue == null ? null : overdue.key(),
                overdue == null ? null : overdue.began());
    }

    synchronized Phase phase() {
        return phase;
    }

    synchronized Version applied() {
        return applied;
    }

    /** The newest error, or what the node is doing if there was none: for the text of an exception. */
    synchronized String explanation() {
        return lastError == null ? "node " + node + " is " + phase.name().toLowerCase(Locale.ROOT) : lastError;
    }

    synchronized long connects() {
        return connects;
    }

    /** Since {@link #heard}, or since the start. */
    synchronized Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heardNanos);
    }

    /** A pod that has sent its whole snapshot has told how far it is. */
    synchronized void heard() {
        heardNanos = System.nanoTime();
    }

    synchronized void connecting() {
        nextRetry = null;
    }

    synchronized void welcomed(String byPod) {
        pod = byPod;
        connects++;
        if (phase != Phase.STALE) {
            turn(Phase.SYNCING);
        }
    }

    /** The session's snapshot is applied. */
    void ready() {
        boolean told;
        int failed;
        synchronized (this) {
            told = loggedAt != null || phase == Phase.STALE;
            failed = attempts;
            loggedAt = null;
            attempts = 0;
            lastError = null;
            turn(Phase.READY);
        }
        if (told) {
            logger.log(
                    System.Logger.Level.INFO,
                    "node {0} is connected again and up to date, after {1} failed attempts",
                    node,
                    failed);
        }
    }

    synchronized void applied(Version version) {
        applied = version;
    }

    /** The connection is lost, or did not come about. */
    void failed(URI service, String error, Duration retryIn) {
        boolean told;
        int failed;
        boolean young;
        synchronized (this) {
            pod = null;
            attempts++;
            lastError = error;
            Instant now = Instant.now();
            nextRetry = now.plus(retryIn);
            if (phase != Phase.STALE) {
                turn(Phase.CONNECTING);
            }
            told = loggedAt == null || Duration.between(loggedAt, now).compareTo(LOG_EVERY) >= 0;
            loggedAt = told ? now : loggedAt;
            failed = attempts;
            young = !applied.isAfter(Version.NONE);
        }
        if (told) {
            logger.log(
                    System.Logger.Level.WARNING,
                    "node {0} has no connection to {1}: {2}; failed attempts: {3}, and it goes on trying. "
                            + "Static keys {4}",
                    node,
                    service,
                    error,
                    failed,
                    young ? "read as disabled until then" : "keep their state meanwhile");
        }
    }

    void stale(String reason) {
        synchronized (this) {
            pod = null;
            turn(Phase.STALE);
        }
        logger.log(
                System.Logger.Level.WARNING,
                "node {0} is stale: {1}; its holds are lost, and the stale policies are in force until the next"
                        + " snapshot",
                node,
                reason);
    }

    /** The end, for good. */
    void ended(Phase end, @Nullable String error) {
        synchronized (this) {
            pod = null;
            nextRetry = null;
            lastError = error == null ? lastError : error;
            turn(end);
        }
        if (end != Phase.CLOSED) {
            logger.log(System.Logger.Level.ERROR, "node {0} stops for good: {1}", node, error);
        }
    }

    private void turn(Phase next) {
        if (phase != next && !phase.isFinal()) {
            phase = next;
            since = Instant.now();
            notifyAll();
        }
    }

    /** Waits for {@link Phase#READY}; false at the timeout, at an interrupt, and once it will never come. */
    synchronized boolean awaitReady(Duration timeout) {
        long end = System.nanoTime() + Math.min(LONGEST_WAIT_NANOS, TimeUnit.NANOSECONDS.convert(timeout));
        try {
            while (phase != Phase.READY && !phase.isFinal()) { // ends: at the timeout
                long millis = Math.floorDiv(end - System.nanoTime() + 999_999, 1_000_000);
                if (millis <= 0) {
                    break;
                }
                wait(millis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return phase == Phase.READY;
    }
}
