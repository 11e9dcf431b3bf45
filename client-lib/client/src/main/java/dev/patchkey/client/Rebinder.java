package dev.patchkey.client;

import dev.patchkey.client.protocol.Grammar;
import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import dev.patchkey.statickey.mirror.RebindException;
import java.time.Duration;
import java.util.List;

/**
 * Brings what is in the backlog to the static keys, on one daemon thread of its own: a rebind may wait for a safepoint,
 * and the channel's heartbeats must not.
 */
final class Rebinder {

    /** How much of a failure's text goes to the service. */
    private static final int LONGEST_REASON = 200;

    /** What the rebinder has done; called by its thread. */
    interface Events {
        /** Each key of the marker's messages up to its number is applied, but for the excepted. */
        void applied(Backlog.Marker marker, List<Excepted> except);

        /**
         * A key is about to read as disabled on this node, if not at once then when its edge is due: from now on nobody
         * may be told that it is held.
         */
        void disabling(String key, Version version, boolean stale);

        /** A key reads otherwise on this node. */
        void changed(KeyChange change);

        /** A static key has crossed an edge, and its call sites are rebound. */
        void rebound(KeyRebind rebind);

        /** A rebind has failed, and is going to be tried again. */
        void failed(String key, String reason, Duration retryIn);

        /** A key of this name is counted by the JVM itself, so the cluster's count cannot be applied; said once. */
        void refused(String key, String reason);
    }

    private final Mirror mirror;
    private final Backlog backlog;
    private final Events events;
    private final System.Logger logger;
    private final Version newestKnown;
    private final RebindWatch watch = new RebindWatch();
    private final EdgeTally tally = new EdgeTally();
    private final Thread thread = Threads.daemon("patchkey-rebinder", this::run);

    Rebinder(Mirror mirror, Backlog backlog, Events events, System.Logger logger) {
        this.mirror = mirror;
        this.backlog = backlog;
        this.events = events;
        this.logger = logger;
        Version newest = Version.NONE;
        for (String key : mirror.known()) {
            MirroredState state = mirror.state(key);
            if (state != null) {
                Version version = new Version(state.epoch(), state.revision());
                backlog.know(key, state.count(), version, state.stale());
                newest = version.isAfter(newest) ? version : newest;
            }
        }
        newestKnown = newest;
    }

    /** The newest version that an earlier node in this JVM has applied to any key. */
    Version newestKnown() {
        return newestKnown;
    }

    RebindWatch watch() {
        return watch;
    }

    EdgeTally tally() {
        return tally;
    }

    void start() {
        thread.start();
    }

    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    /** Finishes what is queued and ends, within the time given or later by itself. */
    void stop(Duration wait) {
        backlog.stop();
        if (isCurrentThread()) {
            return;
        }
        try {
            thread.join(Math.max(1, wait.toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (true) { // ends: when stopped
            try {
                Backlog.Work work = backlog.take();
                if (work == null) {
                    return;
                }
                if (work instanceof Backlog.Marker marker) {
                    events.applied(marker, backlog.excepted());
                } else if (work instanceof Backlog.Rebind rebind) {
                    rebind(rebind);
                } else if (work instanceof Backlog.Paced paced) {
                    paced(paced);
                }
            } catch (Throwable e) {
                // Whatever it was, the keys after this one must not stay behind for it. If it came before the backlog
                // was
                // told what came of a rebind, the next take puts the key aside.
                logger.log(System.Logger.Level.ERROR, "the rebinder met a bug and goes on", e);
            } finally {
                watch.ends();
            }
        }
    }

    private void paced(Backlog.Paced paced) {
        try {
            if (paced.count() == 0) {
                // The key reads as enabled for a little longer, but the service has ended the node's hold.
                events.disabling(paced.slot().key, paced.version(), false);
            }
        } finally {
            // After that, which makes a grant of before void: whoever waits for it need not wait for the edge.
            paced.waiters().forEach(waiter -> waiter.applied().complete(paced.appliedCount()));
        }
    }

    private void rebind(Backlog.Rebind rebind) {
        String key = rebind.slot().key;
        long tookNanos;
        try {
            watch.begins(key);
            if (rebind.stale() || rebind.count() == 0) {
                // First, since others see the count as soon as it is published, and the rebind that follows may be
                // slow.
                events.disabling(key, rebind.version(), rebind.stale());
            }
            long began = System.nanoTime();
            if (rebind.stale()) {
                mirror.stale(key);
            } else {
                mirror.apply(
                        key,
                        rebind.count(),
                        rebind.version().epoch(),
                        rebind.version().revision());
            }
            tookNanos = System.nanoTime() - began;
        } catch (Throwable e) {
            failed(rebind, e);
            return;
        }
        Backlog.Rebound rebound = backlog.rebound(rebind);
        rebound.waiters().forEach(waiter -> waiter.applied().complete(rebind.count()));
        if (rebound.change() != null) {
            events.changed(rebound.change());
        }
        if (rebound.again() != null) {
            events.applied(rebound.again(), backlog.excepted());
        }
        // A name that nobody has made a key of has no call site. Last, as nobody waits for the numbers.
        if (rebound.edge() && mirror.callSites(key) > 0) {
            tally.add(rebind.enables(), tookNanos);
            events.rebound(new KeyRebind(key, rebind.enables(), Duration.ofNanos(tookNanos)));
        }
    }

    private void failed(Backlog.Rebind rebind, Throwable failure) {
        String key = rebind.slot().key;
        Throwable cause =
                failure instanceof RebindException && failure.getCause() != null ? failure.getCause() : failure;
        String reason = Grammar.text(cause.toString(), LONGEST_REASON);
        if (failure instanceof IllegalStateException && mirror.isLocal(key)) {
            refused(rebind, key, reason, failure);
            return;
        }
        Backlog.Failed failed = backlog.failed(rebind, reason);
        tally.addFailure();
        fail(failed.waiters(), key, reason, failure);
        events.failed(key, reason, failed.retryIn());
    }

    private void refused(Backlog.Rebind rebind, String key, String reason, Throwable failure) {
        Backlog.Refused refused = backlog.refused(rebind, reason);
        fail(refused.waiters(), key, reason, failure);
        if (refused.news()) {
            events.refused(key, reason);
        }
    }

    private static void fail(List<Slot.Waiter> waiters, String key, String reason, Throwable failure) {
        RebindFailedException exception =
                new RebindFailedException("key '" + key + "' could not be rebound: " + reason, failure);
        waiters.forEach(waiter -> waiter.applied().completeExceptionally(exception));
    }
}
