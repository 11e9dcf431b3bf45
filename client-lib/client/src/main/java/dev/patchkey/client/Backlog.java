package dev.patchkey.client;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What has been delivered and is not applied yet, bounded by the number of keys. Safe for use by several threads; one of
 * them, the rebinder's, {@linkplain #take takes}.
 */
class Backlog {
    /*
     * Each key has one slot with its newest delivered state. The queue holds slots that have something to apply, each at
     * most once, and markers. A numbered message puts its keys' slots into the queue, unless they are there, and then a
     * marker with its number. The rebinder takes from the front, and applies a slot's newest state, which is the
     * message's or a newer one. So when it takes the marker of n, each key of the messages up to n has been applied or has
     * failed, and "applied n" is true of all but the failed. A key that is being applied is in the queue no more, so a
     * change that comes meanwhile queues it again, before its own marker: the newest state wins and the last is never
     * dropped. A marker that would follow a marker replaces it; so the queue is at most twice as long as there are keys,
     * and one.
     *
     * An edge rebinds the key, and a key that flaps must not keep the rebinder, and the compiler after it, from anything
     * else. So the edges of a key are paced: one whose time has not come is put aside when it is taken, and queued again
     * when it is due, with the state that is the newest then. If that has come back to the side of the edge on which the
     * key reads anyway, there is nothing to rebind and it goes at once. Markers do not wait for what is put aside: they
     * are announced with those keys excepted, as the failed ones are, so that "applied n" is true and nobody else's change
     * is late for it; and when such a key is applied, the newest marker is announced again, without the exception. An edge
     * waits for Pace.INTERVAL at most, plus what is queued before it.
     *
     * That is so for each name that flaps, whether a static key of it exists or not: a name that has none rebinds nothing,
     * but a key may be made of it at any moment, and the backlog does not ask.
     *
     * Example. Messages 7 {a, b} and 8 {a} arrive while a's state of message 6 is being applied: the queue is a, b, 7, 8,
     * and then, 8 replacing 7, a, b, 8. "Applied 8" is sent after a, in the state of message 8, and b.
     */

    /** A rebind fails for want of memory or by a bug, and neither is cured by trying hard. */
    private static final Duration RETRY_BASE = Duration.ofMillis(50);

    private static final Duration RETRY_CAP = Duration.ofSeconds(10);

    /** Why a paced key is excepted. */
    private static final String PACED =
            "paced: this key changes again and again, and its newest state is applied within "
                    + Pace.INTERVAL.toMillis() + " ms";

    /** Why a key is excepted whose rebind has neither succeeded nor failed. */
    private static final String UNFINISHED = "the rebinder met a bug, and tries again; see the node's log";

    /** What the rebinder is to do next. */
    sealed interface Work {}

    /** Bring the key of the slot to a state. */
    record Rebind(Slot slot, int count, Version version, boolean stale) implements Work {

        boolean enables() {
            return count > 0 && !stale;
        }
    }

    /** Who is to be told that messages are applied: the session that has delivered them. */
    interface Deliverer {
        void applied(Marker marker, List<Excepted> except);
    }

    /**
     * Nothing is to be rebound yet: the key's edge to this state is paced, and is tried again when it is due.
     *
     * @param waiters who wait for no more than what is applied, and can be told once the state is known to all
     */
    record Paced(Slot slot, int count, Version version, List<Slot.Waiter> waiters, int appliedCount) implements Work {}

    /**
     * Say that each message of the deliverer's up to n is applied.
     *
     * @param sinceNanos when the oldest message came that this marker is for: its own, or that of one it has replaced
     */
    record Marker(Deliverer deliverer, long n, Version version, boolean snapshotComplete, long sinceNanos)
            implements Work {}

    /**
     * What came of a rebind.
     *
     * @param change what the node reads of the key now; null if it reads as before
     * @param waiters who can be told
     * @param again what has to be announced again, since a key is excepted from it no more; null if nothing. It completes
     *     no snapshot: that is announced once
     * @param edge whether the key was enabled before and is disabled now, or the other way round
     */
    record Rebound(
            @Nullable KeyChange change,
            List<Slot.Waiter> waiters,
            @Nullable Marker again,
            boolean edge) {}

    /**
     * What is delivered and not applied.
     *
     * @param newest the newest version that was delivered; {@link Version#NONE} before the first
     * @param age of the oldest message that is not applied; zero if there is none
     * @param keys how many have something to apply
     * @param known how many names have a slot
     */
    record Outstanding(Version newest, Duration age, Figures.Waiting keys, int known) {}

    /** What came of a rebind that has failed. */
    record Failed(List<Slot.Waiter> waiters, Duration retryIn) {}

    /**
     * What came of a rebind that no further attempt cures.
     *
     * @param news whether it is the first time
     */
    record Refused(List<Slot.Waiter> waiters, boolean news) {}

    /** Guards everything below. Taken last and alone; no rebind and no foreign code runs under it. */
    private final Object lock = new Object();

    private final Map<String, Slot> slots = new LinkedHashMap<>();

    /** {@link Slot}s and {@link Marker}s. */
    private final ArrayDeque<Object> queue = new ArrayDeque<>();

    /** The slots that have something to apply and wait for their time, since they are paced or their rebind has failed. */
    private final Set<Slot> later = new LinkedHashSet<>();

    /**
     * The slots whose rebind is refused, none of them in {@link #later} too: excepted as those are, and tried again with
     * their next state alone.
     */
    private final Set<Slot> refused = new LinkedHashSet<>();

    /** The earliest time of a slot in {@link #later}, or earlier; meaningless if there is none. */
    private long nextDueNanos;

    /** Monotonic. */
    private final LongSupplier nanoTime;

    /** The slot that the rebinder is busy with, until it says what came of it. */
    private @Nullable Slot applying;

    /** The keys of the snapshot that is being delivered part by part; null between snapshots. */
    private @Nullable Set<String> snapshotKeys;

    /** The newest version of a message. */
    private Version newest = Version.NONE;

    /** The newest marker taken, as it is announced again. */
    private @Nullable Marker announced;

    /** The term of the lease. */
    private long term;

    private boolean stopped;

    Backlog() {
        this(System::nanoTime);
    }

    Backlog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** What the static keys know already, from an earlier life of the node in this JVM. */
    void know(String key, int count, Version version, boolean stale) {
        synchronized (lock) {
            Slot slot = slot(key);
            slot.count = slot.appliedCount = count;
            slot.version = slot.appliedVersion = version;
            slot.stale = slot.appliedStale = stale;
        }
    }

    /** A session begins: half a snapshot of an older one is worth nothing. */
    void begin() {
        synchronized (lock) {
            snapshotKeys = null;
        }
    }

    /** Stores what a message delivers. */
    void deliver(Deliverer deliverer, PodMessage.Numbered message, Predicate<String> subscribed) {
        Version version = message.version();
        synchronized (lock) {
            for (KeyState state : message.keys()) {
                offer(slot(state.key()), state.count(), new Version(version.epoch(), state.revision()));
            }
            boolean complete = message instanceof PodMessage.Snapshot part && deliverAbsent(part, subscribed);
            long sinceNanos = nanoTime.getAsLong();
            if (queue.peekLast() instanceof Marker last && last.deliverer.equals(deliverer)) {
                queue.removeLast();
                complete |= last.snapshotComplete;
                sinceNanos = last.sinceNanos;
            }
            queue.addLast(new Marker(deliverer, message.n(), version, complete, sinceNanos));
            newest = version.isAfter(newest) ? version : newest;
            lock.notifyAll();
        }
    }

    /** The last part of a snapshot disables what was in no part; says whether it is the last. */
    private boolean deliverAbsent(PodMessage.Snapshot part, Predicate<String> subscribed) {
        Set<String> present = snapshotKeys == null ? new HashSet<>() : snapshotKeys;
        part.keys().forEach(state -> present.add(state.key()));
        snapshotKeys = part.last() ? null : present;
        if (part.last()) {
            for (Slot slot : slots.values()) {
                if (!present.contains(slot.key) && subscribed.test(slot.key)) {
                    offer(slot, 0, part.version());
                }
            }
        }
        return part.last();
    }

    /**
     * Brings one key to an answer's state, or a newer one.
     *
     * @param answerTerm the lease's term when the question was asked: an answer from before the lease was lost says
     *     nothing of now
     * @return completes with the applied count once this node is rebound at or past the version
     */
    CompletionStage<Integer> bring(String key, int count, Version version, long answerTerm) {
        synchronized (lock) {
            if (answerTerm != term || stopped) {
                return CompletableFuture.failedFuture(lost(key));
            }
            Slot slot = slot(key);
            offer(slot, count, version);
            if (slot.isSettledAt(version) && applying != slot && !later.contains(slot)) {
                return CompletableFuture.completedFuture(slot.appliedCount);
            }
            Slot.Waiter waiter = new Slot.Waiter(version, new CompletableFuture<>());
            slot.await(waiter);
            enqueue(slot);
            return waiter.applied();
        }
    }

    /** The lease is lost: the keys of that policy are to read as disabled until they are delivered anew. */
    void stale(long newTerm, Predicate<String> disables) {
        List<Slot.Waiter> losers = new ArrayList<>();
        synchronized (lock) {
            term = newTerm;
            for (Slot slot : slots.values()) {
                losers.addAll(slot.takeAllWaiters());
                if (disables.test(slot.key) && !slot.stale) {
                    slot.stale = true;
                    enqueue(slot);
                }
            }
        }
        losers.forEach(waiter -> waiter.applied().completeExceptionally(lost("a key")));
    }

    private static UnavailableException lost(String key) {
        return new UnavailableException("the node lost its lease while " + key + " was acquired", null);
    }

    /**
     * The next work, after waiting for it; null once stopped and nothing is left. A rebind that was taken before, and of
     * which nobody has said what came of it, has met a bug, and is tried again as one that failed.
     */
    @Nullable Work take() {
        synchronized (lock) {
            putUnfinishedAside();
            while (true) { // ends: with work, or stopped
                requeueDue();
                Object first = queue.pollFirst();
                if (first instanceof Slot slot) {
                    slot.queued = false;
                    if (isPaced(slot)) {
                        return new Paced(
                                slot, slot.count, slot.version, slot.takeWaitersOfApplied(), slot.appliedCount);
                    }
                    applying = slot;
                    return new Rebind(slot, slot.count, slot.version, slot.stale);
                }
                if (first instanceof Marker marker) {
                    announced = new Marker(marker.deliverer, marker.n, marker.version, false, marker.sinceNanos);
                    return marker;
                }
                if (stopped) {
                    return null;
                }
                try {
                    lock.wait(millisToNextDue());
                } catch (InterruptedException e) {
                    // Nobody interrupts the rebinder but code that it calls; its work goes on.
                    Thread.interrupted();
                }
            }
        }
    }

    /** Whether the slot has an edge before it whose time has not come; then puts it aside until it has. */
    private boolean isPaced(Slot slot) {
        // A refused one costs no rebind. What is taken after the stop is the last, and there is no later.
        if (stopped || !slot.isAtEdge() || slot.isUrgent() || refused.contains(slot)) {
            return false;
        }
        // With more exceptions than fit a message nothing could be said to be applied, for as long as so many flap, and
        // the service would drop the session: rather rebind.
        if (!later.contains(slot) && later.size() + refused.size() >= NodeMessages.MOST_EXCEPTED) {
            return false;
        }
        long now = nanoTime.getAsLong();
        long wait = slot.pace.waitNanos(now);
        if (wait == 0) {
            return false;
        }
        putAside(slot, now + wait);
        return true;
    }

    private void putUnfinishedAside() {
        Slot unfinished = applying;
        if (unfinished != null) {
            unfinished.failure = UNFINISHED;
            putAside(
                    unfinished, nanoTime.getAsLong() + unfinished.backoff.next().toNanos());
            refused.remove(unfinished);
            applying = null;
        }
    }

    private void putAside(Slot slot, long dueNanos) {
        slot.dueNanos = dueNanos;
        if (later.isEmpty() || dueNanos - nextDueNanos < 0) {
            nextDueNanos = dueNanos;
        }
        later.add(slot);
    }

    private void requeueDue() {
        long now = nanoTime.getAsLong();
        if (later.isEmpty() || nextDueNanos - now > 0) {
            return;
        }
        nextDueNanos = now + RETRY_CAP.toNanos();
        for (Slot slot : later) {
            if (slot.dueNanos - now <= 0) {
                enqueue(slot);
            } else if (slot.dueNanos - nextDueNanos < 0) {
                nextDueNanos = slot.dueNanos;
            }
        }
    }

    /** How long to wait for work, in the sense of {@link Object#wait(long)}, where 0 is for ever. */
    private long millisToNextDue() {
        return later.isEmpty()
                ? 0
                : Math.max(1, TimeUnit.NANOSECONDS.toMillis(nextDueNanos - nanoTime.getAsLong()) + 1);
    }

    Rebound rebound(Rebind done) {
        synchronized (lock) {
            Slot slot = done.slot;
            int count = done.stale ? slot.appliedCount : done.count;
            Version version = done.stale ? slot.appliedVersion : done.version;
            boolean changed = count != slot.appliedCount || done.stale != slot.appliedStale;
            boolean recovered = later.contains(slot) || refused.contains(slot);
            boolean edge = slot.isEnabled() != done.enables();
            // Before anything is changed, since it allocates and may fail: then it is as if nothing had been said yet.
            Rebound rebound = new Rebound(
                    changed ? new KeyChange(slot.key, count, version.epoch(), version.revision(), done.stale) : null,
                    done.stale ? List.of() : slot.takeWaiters(done.version),
                    recovered ? announced : null,
                    edge);
            if (slot.failure != null || edge) {
                slot.pace.edge(nanoTime.getAsLong());
            }
            later.remove(slot);
            refused.remove(slot);
            slot.failure = null;
            slot.backoff.reset();
            slot.appliedCount = count;
            slot.appliedVersion = version;
            slot.appliedStale = done.stale;
            applying = null;
            return rebound;
        }
    }

    Failed failed(Rebind failure, String reason) {
        synchronized (lock) {
            Slot slot = failure.slot;
            slot.failure = reason;
            Duration delay = slot.backoff.next();
            long now = nanoTime.getAsLong();
            slot.pace.edge(now);
            putAside(slot, now + delay.toNanos());
            refused.remove(slot);
            applying = null;
            return new Failed(slot.takeWaiters(failure.version), delay);
        }
    }

    Refused refused(Rebind refusal, String reason) {
        synchronized (lock) {
            Slot slot = refusal.slot;
            slot.failure = reason;
            boolean news = refused.add(slot);
            later.remove(slot);
            applying = null;
            return new Refused(slot.takeWaiters(refusal.version), news);
        }
    }

    /**
     * The keys whose rebind is paced, or has failed or been refused, and has not succeeded since; one more than fit a
     * message at most, since that many are as good as all.
     */
    List<Excepted> excepted() {
        synchronized (lock) {
            return Stream.concat(later.stream(), refused.stream())
                    .limit(NodeMessages.MOST_EXCEPTED + 1L)
                    .map(slot -> new Excepted(
                            slot.key, slot.version.revision(), slot.failure == null ? PACED : slot.failure))
                    .toList();
        }
    }

    /** A look over what waits: as long as that is. */
    Outstanding outstanding() {
        synchronized (lock) {
            Duration age = Duration.ZERO;
            int queued = isAside(applying) ? 0 : 1;
            for (Object each : queue) {
                if (each instanceof Slot slot) {
                    queued += isAside(slot) ? 0 : 1;
                } else if (each instanceof Marker marker && age.isZero()) {
                    age = Duration.ofNanos(Math.max(1, nanoTime.getAsLong() - marker.sinceNanos));
                }
            }
            int failed = failingKeys();
            return new Outstanding(
                    newest,
                    age,
                    new Figures.Waiting(queued, later.size() - failed, failed, refused.size()),
                    slots.size());
        }
    }

    /** Whether the slot is counted as one of those that are put aside, or there is none to be counted. */
    private boolean isAside(@Nullable Slot slot) {
        return slot == null || later.contains(slot) || refused.contains(slot);
    }

    int failingKeys() {
        synchronized (lock) {
            return (int) later.stream().filter(slot -> slot.failure != null).count();
        }
    }

    /** What is queued or paced is still to be taken, without waiting for its time, and then nothing more. */
    void stop() {
        List<Slot.Waiter> losers = new ArrayList<>();
        synchronized (lock) {
            stopped = true;
            later.stream().filter(slot -> slot.failure == null).forEach(this::enqueue);
            slots.values().forEach(slot -> losers.addAll(slot.takeAllWaiters()));
            lock.notifyAll();
        }
        losers.forEach(waiter -> waiter.applied().completeExceptionally(lost("a key")));
    }

    private Slot slot(String key) {
        return slots.computeIfAbsent(key, name -> new Slot(name, retryBackoff(), new Pace(nanoTime.getAsLong())));
    }

    private static Backoff retryBackoff() {
        return new Backoff(
                RETRY_BASE, RETRY_CAP, () -> ThreadLocalRandom.current().nextDouble());
    }

    private void offer(Slot slot, int count, Version version) {
        if (slot.offer(count, version)) {
            enqueue(slot);
        }
    }

    private void enqueue(Slot slot) {
        if (!slot.queued) {
            slot.queued = true;
            queue.addLast(slot);
            lock.notifyAll();
        }
    }
}
