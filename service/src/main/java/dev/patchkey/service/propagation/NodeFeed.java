package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * What is in flight, and nothing else, is kept per node: a key in no flight is applied exactly as far as it was offered,
 * so that an idle node costs a few words however many keys there are.
 *
 *   offer(k@7)        pending {k@7}                 flight k: applied 6 (what was offered before), written -
 *   next() -> n=3     unconfirmed [3: k@7]          flight k: applied 6, written 3
 *   offer(k@8)        pending {k@8}                 flight k: applied 6, written 3
 *   applied(3)        unconfirmed []                flight k: applied 7, written 3, still pending
 *   next() -> n=4     unconfirmed [4: k@8]          flight k: applied 7, written 4
 *   applied(4)        unconfirmed []                no flight: applied = offered = 8
 */
/**
 * What one session is still to be sent, has been sent, and has applied. Not thread-safe: guarded by the lock of
 * {@link LiveNodes}.
 */
final class NodeFeed {

    /** The most keys in one message, as the protocol says. */
    static final int LARGEST_MESSAGE = 1000;

    /** The most unconfirmed changes, beyond which states wait, and conflate, here rather than in the kernel's buffers. */
    static final int MOST_UNCONFIRMED = 64;

    /** How long a change that crosses no edge may wait for another, while an earlier message is unconfirmed. */
    static final Duration MOMENT = Duration.ofMillis(20);

    /** A key of which something newer than what is applied has been offered. */
    private static final class Flight {
        /** What is applied of it; null if the session's snapshot is not applied yet. */
        @Nullable Version applied;
        /** The newest message that carried it; 0 if none has. */
        long written;

        Flight(@Nullable Version applied) {
            this.applied = applied;
        }
    }

    /**
     * A message that was written and is not confirmed.
     *
     * @param since when the oldest change in it was offered; for a part of the snapshot, when it was written
     */
    private record Sent(long n, long since, long at, Version version, List<View.Entry> entries) {}

    private final NodeHello hello;

    private View.@Nullable Snapshot snapshot;
    /** Where the next part of the snapshot begins. */
    private int cursor;
    /** Whether a snapshot was ever given; before it nothing is offered, since the snapshot will have it. */
    private boolean begun;
    /** The number of the snapshot's last part, or {@link Long#MAX_VALUE} while that is not written. */
    private long snapshotEnd = Long.MAX_VALUE;

    private long written;
    private long applied;
    private Version appliedVersion = new Version(0, 0);

    private final Map<KeyName, View.Entry> pending = new LinkedHashMap<>(4);
    private boolean urgent;
    private long pendingSince;
    /** How many states were replaced by newer ones before they were written. */
    private long conflated;
    /** When the oldest change of those that were confirmed last was offered; -1 if none was among them. */
    private long confirmedSince = -1;

    private final Deque<Sent> unconfirmed = new ArrayDeque<>(2);
    private final Map<KeyName, Flight> flights = new HashMap<>(4);
    private Map<KeyName, Excepted> excepted = Map.of();
    /** Since when each excepted key has been so without a break; before the snapshot is applied, of the session before. */
    private Map<KeyName, Long> exceptedSince = Map.of();

    NodeFeed(NodeHello hello) {
        this.hello = hello;
    }

    /** Goes on counting how long the keys have been excepted that the node's session before this one left so. */
    void resume(NodeFeed before) {
        exceptedSince = before.exceptedSince;
    }

    /** Begins with the snapshot: the one of this session. */
    void begin(View.Snapshot snapshot) {
        this.snapshot = snapshot;
        begun = true;
    }

    /**
     * Takes a newer state of a key, which replaces an older one that is still waiting.
     *
     * @param before what was offered of the key before, or null
     * @return whether it concerns this node
     */
    boolean offer(View.Entry entry, View.@Nullable Entry before, long now) {
        if (!begun || !hello.isConcernedBy(entry.key())) {
            return false;
        }
        if (pending.isEmpty()) {
            pendingSince = now;
        }
        if (pending.put(entry.key(), entry) != null) {
            conflated++;
        }
        boolean isEdge = before == null || (before.count() > 0) != (entry.count() > 0);
        urgent |= isEdge;
        if (!flights.containsKey(entry.key())) {
            flights.put(entry.key(), new Flight(isSynced() ? appliedBefore(entry, before) : null));
        }
        return true;
    }

    private static Version appliedBefore(View.Entry entry, View.@Nullable Entry before) {
        return before != null ? before.version() : new Version(entry.version().epoch(), 0);
    }

    /** Somebody waits for the key: what is pending goes at once. */
    boolean hurry(KeyName key) {
        if (!pending.containsKey(key)) {
            return false;
        }
        urgent = true;
        return true;
    }

    /** Numbers and returns the next message to write, or null if nothing is due. */
    @Nullable FeedMessage next(Version podVersion, long now) {
        if (snapshot != null) {
            return nextPart(snapshot, now);
        }
        if (pending.isEmpty() || !isDue(now)) {
            return null;
        }
        List<View.Entry> entries = new ArrayList<>(Math.min(pending.size(), LARGEST_MESSAGE));
        Iterator<View.Entry> newest = pending.values().iterator();
        long n = ++written;
        while (newest.hasNext() && entries.size() < LARGEST_MESSAGE) {
            View.Entry entry = newest.next();
            newest.remove();
            entries.add(entry);
            Flight flight = flights.get(entry.key());
            if (flight != null) {
                flight.written = n;
            }
        }
        urgent &= !pending.isEmpty();
        unconfirmed.add(new Sent(n, pendingSince, now, podVersion, entries));
        return new FeedMessage.Change(n, podVersion, entries);
    }

    private FeedMessage nextPart(View.Snapshot of, long now) {
        List<View.Entry> all = of.entries();
        List<View.Entry> part = new ArrayList<>(Math.min(all.size() - cursor, LARGEST_MESSAGE));
        while (cursor < all.size() && part.size() < LARGEST_MESSAGE) {
            View.Entry entry = all.get(cursor++);
            if (hello.isConcernedBy(entry.key())) {
                part.add(entry);
            }
        }
        long n = ++written;
        boolean last = cursor == all.size();
        if (last) {
            snapshot = null;
            snapshotEnd = n;
        }
        unconfirmed.add(new Sent(n, now, now, of.version(), List.of()));
        return new FeedMessage.SnapshotPart(n, of.version(), part, last);
    }

    private boolean isDue(long now) {
        if (unconfirmed.isEmpty()) {
            return true;
        }
        return unconfirmed.size() < MOST_UNCONFIRMED && (urgent || now - pendingSince >= MOMENT.toNanos());
    }

    /** Whether something waits that only time, or a confirmation, makes due. */
    boolean holdsBack() {
        return snapshot == null && !pending.isEmpty();
    }

    /**
     * The node has applied every message up to n, but for the excepted keys.
     *
     * @return the keys of which more, or less, is known now
     * @throws IllegalArgumentException if the number cannot be; nothing is changed
     */
    Set<KeyName> applied(long n, Map<KeyName, Excepted> except, long now) {
        if (n < applied) {
            throw new IllegalArgumentException("n must be at least " + applied + ", which was said before");
        }
        if (n > written) {
            throw new IllegalArgumentException("n must be at most " + written + ", the last number written");
        }
        Set<KeyName> touched = new HashSet<>(excepted.keySet());
        touched.addAll(except.keySet());
        exceptedSince = except.isEmpty() ? Map.of() : exceptedSince(except.keySet(), now);
        excepted = except;
        applied = n;
        confirmedSince = -1;
        for (Sent sent = unconfirmed.peek(); sent != null && sent.n <= n; sent = unconfirmed.peek()) {
            unconfirmed.remove();
            appliedVersion = sent.version;
            if (confirmedSince == -1 && !sent.entries.isEmpty()) {
                confirmedSince = sent.since;
            }
            for (View.Entry entry : sent.entries) {
                confirm(entry, sent.n);
                touched.add(entry.key());
            }
        }
        return touched;
    }

    private Map<KeyName, Long> exceptedSince(Set<KeyName> keys, long now) {
        Map<KeyName, Long> since = HashMap.newHashMap(keys.size());
        for (KeyName key : keys) {
            since.put(key, exceptedSince.getOrDefault(key, now));
        }
        return since;
    }

    private void confirm(View.Entry entry, long n) {
        Flight flight = flights.get(entry.key());
        if (flight == null) {
            return;
        }
        if (flight.written == n && !pending.containsKey(entry.key())) {
            flights.remove(entry.key());
        } else if (!excepted.containsKey(entry.key())) {
            flight.applied = entry.version();
        }
    }

    /** Whether a snapshot was given. */
    boolean hasBegun() {
        return begun;
    }

    /** Whether the whole snapshot is applied. */
    boolean isSynced() {
        return begun && applied >= snapshotEnd;
    }

    /**
     * What the node has applied of a key.
     *
     * @param offered what every session was offered of it
     * @return null if nothing is known
     */
    @Nullable Version appliedOf(KeyName key, Version offered) {
        if (!isSynced() || excepted.containsKey(key)) {
            return null;
        }
        Flight flight = flights.get(key);
        return flight == null ? offered : flight.applied;
    }

    /** When the oldest change in the newest message was offered. */
    long writtenSince() {
        return pendingSince;
    }

    /** When the oldest change of those that were confirmed last was offered; -1 if none was among them. */
    long confirmedSince() {
        return confirmedSince;
    }

    /** How many states wait to be written. */
    int pending() {
        return pending.size();
    }

    /** How many states were replaced by newer ones before they were written. */
    long conflated() {
        return conflated;
    }

    /** Whether something newer of the key waits to be written. */
    boolean isPending(KeyName key) {
        return pending.containsKey(key);
    }

    /** What the node said of a failed rebind of the key, or null if it excepts it not. */
    @Nullable Excepted exceptedOf(KeyName key) {
        return excepted.get(key);
    }

    /** The number of the last message written. */
    long written() {
        return written;
    }

    /** The pod's version at the newest message that is applied. */
    Version appliedVersion() {
        return appliedVersion;
    }

    /** How many messages are written and not confirmed. */
    int unconfirmed() {
        return unconfirmed.size();
    }

    /** For how long the oldest unconfirmed message has been so; 0 if all are confirmed. */
    long oldestUnconfirmedNanos(long now) {
        Sent oldest = unconfirmed.peek();
        return oldest == null ? 0 : now - oldest.at;
    }

    /** For how long the node has excepted one key or another without a break; 0 if it excepts none. */
    long oldestExceptedNanos(long now) {
        long oldest = 0;
        for (long since : exceptedSince.values()) {
            oldest = Math.max(oldest, now - since);
        }
        return oldest;
    }
}
