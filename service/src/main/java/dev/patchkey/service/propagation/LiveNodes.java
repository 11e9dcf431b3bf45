package dev.patchkey.service.propagation;

import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * One lock guards the sessions, their feeds, what was offered, and the waits, so that an answer is true of one instant:
 * the one at which it is made under the lock. Each step under it is short and does no I/O: an offer or a confirmation
 * touches a few map entries. Connections are called after it is released.
 *
 * "Reached" can be taken back by few events, each of which counts as a setback: a session begins, loses its connection,
 * or excepts a key that it did not before; everything is replaced. Whoever collects the answers of several pods uses that
 * count to know that all were true at one time.
 */
/**
 * The live nodes of this pod, with what each has applied. A node is live from its hello until its lease has run out,
 * whether its connection stands or not. Thread-safe; no method waits, except {@link #await}.
 */
public final class LiveNodes {

    /** The most static keys that one node may declare: above any program, and a bound on what one can make us keep. */
    static final int MOST_DECLARED = 50_000;

    /** How often {@link #sweep} is called: the delay by which a lease may end late. */
    static final Duration SWEEP_INTERVAL = Duration.ofSeconds(1);

    /**
     * What the pod's next heartbeat to a node says.
     *
     * @param n the last number written
     * @param version the pod's
     * @param seq the newest heartbeat that arrived; 0 if none has
     */
    public record Heartbeat(long n, Version version, long seq) {}

    /** For how long a node may have left a message unconfirmed before it counts as lagging. */
    static final Duration LAGGING_AFTER = Duration.ofSeconds(1);

    /** Why a node lags. */
    enum Lag {
        /** It has not applied its snapshot yet. */
        CONNECTING,
        /** It has not confirmed what it was sent. */
        NOT_APPLIED,
        /** It has confirmed what it was sent but for keys that it excepts, for longer than pacing takes. */
        EXCEPTED,
        /** It has no connection, and its lease runs. */
        DISCONNECTED
    }

    /**
     * A node that lags.
     *
     * @param behind for how long it has not applied the oldest of what it was to apply, or has had no connection; over
     *     all sessions of one life of the node
     */
    record Laggard(String node, Lag why, Duration behind) {}

    /**
     * The sessions as they are.
     *
     * @param lagging how many nodes lag
     * @param worst those that lag longest, longest first; as many as were asked for, or all
     * @param oldestUnconfirmed the age of the oldest message that a connected node has not confirmed
     * @param pending how many states wait to be written
     * @param unconfirmed how many messages are written and not confirmed
     * @param conflated how many states were ever replaced by newer ones before they were written
     * @param expired how many leases of nodes ever ended without their bye, or their hello to another pod
     */
    record Census(
            int connected,
            int disconnected,
            int lagging,
            List<Laggard> worst,
            Duration oldestUnconfirmed,
            long pending,
            long unconfirmed,
            long conflated,
            long expired) {}

    private final LeaseTimes times;
    private final LongSupplier nanoClock;
    private final InstantSource clock;
    private final BooleanSupplier mayConfirm;
    private final Reached rule;

    private volatile Runnable onReady = () -> {};
    private volatile Runnable onHeldBack = () -> {};
    private volatile Latencies latencies = Latencies.UNHEARD;

    private final ReentrantLock lock = new ReentrantLock();
    /** The current session of each live node. Guarded by the lock, as is all below. */
    private final Map<String, NodeSession> sessions = new HashMap<>();

    /** The newest state of each key that every session was offered. */
    private final Map<KeyName, View.Entry> offered = new HashMap<>();

    /** The epoch, and the highest revision that was offered; revision 0 where each key counts its own. */
    private Version offeredVersion = new Version(0, 0);

    private boolean isOrderedAcrossKeys;
    private final Map<KeyName, List<Wait>> waits = new HashMap<>();
    private final Set<NodeSession> heldBack = new HashSet<>();
    /** A pod of before whose nodes may still live; null if there is none. */
    private @Nullable String podOfBefore;

    /** By the monotonic clock: until when they may. */
    private long podOfBeforeEnds;

    /** Whether nobody may wait any more. */
    private boolean stopped;

    private long setbacks;
    private long sweptAt;
    /** In feeds of sessions that are over. */
    private long conflatedBefore;
    /** How many leases ended of nodes that were not known to be anywhere else. */
    private long expired;

    /** @param mayConfirm whether the pod may renew leases, asked after what it would confirm has arrived */
    public LiveNodes(LeaseTimes times, LongSupplier nanoClock, InstantSource clock, BooleanSupplier mayConfirm) {
        this(times, nanoClock, clock, mayConfirm, Reached.APPLIED);
    }

    LiveNodes(LeaseTimes times, LongSupplier nanoClock, InstantSource clock, BooleanSupplier mayConfirm, Reached rule) {
        this.times = times;
        this.nanoClock = nanoClock;
        this.clock = clock;
        this.mayConfirm = mayConfirm;
        this.rule = rule;
        this.sweptAt = nanoClock.getAsLong();
    }

    // What the channel reports.

    /**
     * A node has said hello. From now on it is live, and lags until its snapshot is applied.
     *
     * @return the session, or null if a later life of the node is live already
     */
    public @Nullable NodeSession open(NodeHello hello, NodeConnection connection) {
        NodeSession session = new NodeSession(hello, connection, clock.instant(), nanoClock.getAsLong());
        NodeSession old;
        lock.lock();
        try {
            old = sessions.get(hello.node());
            if (old != null && old.hello().incarnation() > hello.incarnation()) {
                return null;
            }
            if (old != null && old.hello().incarnation() == hello.incarnation()) {
                resume(session, old);
            }
            sessions.put(hello.node(), session);
            setbacks++;
            judge(session);
            if (old != null) {
                // After the new one is judged, or a wait would see neither.
                forget(old);
            }
        } finally {
            lock.unlock();
        }
        if (old != null) {
            end(old, old.hello().incarnation() < hello.incarnation() ? Ending.SUPERSEDED : Ending.REPLACED);
        }
        return session;
    }

    /** What the node holds has been acquired again: its snapshot may be read. */
    public void ready(NodeSession session) {
        lock.lock();
        try {
            session.ready = true;
        } finally {
            lock.unlock();
        }
        onReady.run();
    }

    /**
     * Who is told.
     *
     * @param ready that a session has become ready for its snapshot
     * @param heldBack that a session has something to write in a moment
     */
    void notify(Runnable ready, Runnable heldBack) {
        onReady = ready;
        onHeldBack = heldBack;
    }

    /** Tells how long changes take; each is told without the lock. */
    void measure(Latencies listener) {
        latencies = listener;
    }

    /**
     * A heartbeat of the session has arrived. Renews the lease if the session is the node's current one.
     *
     * @throws IllegalArgumentException if the number is out of order; nothing is renewed
     */
    public void heard(NodeSession session, long seq) {
        lock.lock();
        try {
            if (session.seq >= 0 && seq != session.seq + 1) {
                throw new IllegalArgumentException("seq must be " + (session.seq + 1) + ", one more than the last");
            }
            session.seq = seq;
            session.heardAt = nanoClock.getAsLong();
            session.heartbeatAt = session.heardAt;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The node says that it has applied every message up to n, but for the excepted keys.
     *
     * @throws IllegalArgumentException if the number cannot be; nothing is changed
     */
    public void applied(NodeSession session, long n, Map<KeyName, Excepted> except) {
        long took = -1;
        lock.lock();
        try {
            boolean wasSynced = session.feed.isSynced();
            // A key that flaps is excepted in each message: that must not hold up the waits for others.
            boolean takesBack = except.keySet().stream().anyMatch(key -> session.feed.exceptedOf(key) == null);
            Set<KeyName> touched = session.feed.applied(n, except, nanoClock.getAsLong());
            if (except.isEmpty() && session.feed.confirmedSince() != -1) {
                took = nanoClock.getAsLong() - session.feed.confirmedSince();
            }
            if (takesBack) {
                setbacks++;
            }
            if (!isCurrent(session) || waits.isEmpty()) {
                return;
            }
            if (!wasSynced && session.feed.isSynced()) {
                judge(session);
            } else {
                for (KeyName key : touched) {
                    for (Wait wait : waitsFor(key)) {
                        judge(wait, session);
                    }
                }
            }
        } finally {
            lock.unlock();
            if (took >= 0) {
                latencies.applied(took);
            }
        }
    }

    /**
     * The node has declared static keys, each with its number of call sites.
     *
     * @throws IllegalArgumentException if it would be too many; nothing is changed
     */
    public void declared(NodeSession session, Map<String, Integer> callSites) {
        lock.lock();
        try {
            int added = 0;
            for (String key : callSites.keySet()) {
                added += session.callSites.containsKey(key) ? 0 : 1;
            }
            if (session.callSites.size() + added > MOST_DECLARED) {
                throw new IllegalArgumentException("keys must be at most " + MOST_DECLARED + " in a session");
            }
            session.callSites.putAll(callSites);
        } finally {
            lock.unlock();
        }
    }

    /** The node is shutting down, and no longer live. Returns whether this was its current session. */
    public boolean bye(NodeSession session) {
        lock.lock();
        try {
            boolean current = isCurrent(session);
            session.connected = false;
            if (current) {
                remove(session);
            }
            return current;
        } finally {
            lock.unlock();
        }
    }

    /** The connection is gone. The node stays live until its lease ends. */
    public void disconnected(NodeSession session) {
        lock.lock();
        try {
            if (session.connected) {
                session.connected = false;
                heldBack.remove(session);
                setbacks++;
                if (isCurrent(session)) {
                    judge(session);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Numbers and returns the next message that the session is to write, or null if nothing is due. */
    public @Nullable FeedMessage next(NodeSession session) {
        FeedMessage message;
        long waited = -1;
        boolean isHeldBack = false;
        lock.lock();
        try {
            if (!isCurrent(session)) {
                return null;
            }
            long now = nanoClock.getAsLong();
            message = session.feed.next(offeredVersion, now);
            if (message instanceof FeedMessage.Change) {
                waited = now - session.feed.writtenSince();
            } else if (message == null) {
                isHeldBack = session.feed.holdsBack() && heldBack.add(session);
            }
        } finally {
            lock.unlock();
        }
        if (waited >= 0) {
            latencies.sent(waited);
        }
        if (isHeldBack) {
            onHeldBack.run();
        }
        return message;
    }

    /** Whether the session's hello, which has arrived before the call, may be granted. */
    public boolean mayWelcome(NodeSession session) {
        lock.lock();
        try {
            return mayRenew(session);
        } finally {
            lock.unlock();
        }
    }

    /** What the pod's heartbeat to the node says; null if its lease may not be renewed, which every heartbeat does. */
    public @Nullable Heartbeat heartbeat(NodeSession session) {
        lock.lock();
        try {
            Heartbeat heartbeat = new Heartbeat(session.feed.written(), offeredVersion, Math.max(session.seq, 0));
            // After the look at what has arrived: the pod's lease must stand at a time when it had.
            return mayRenew(session) ? heartbeat : null;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Under the lock that whoever ends the connections takes: what has arrived under one lease of the pod is never
     * confirmed under the next, before which every connection was ended.
     */
    private boolean mayRenew(NodeSession session) {
        return isCurrent(session) && session.connected && mayConfirm.getAsBoolean();
    }

    // What the view feeds.

    /**
     * Takes the view's whole state: at the start, for each new epoch, and where changes may have been missed. From the
     * second time on every session ends, and its node says hello again: what it holds may be lost with the old epoch,
     * and only a hello acquires it again.
     */
    void replaceAll(View.Snapshot snapshot, boolean isOrderedAcrossKeys) {
        List<NodeSession> ended = new ArrayList<>();
        lock.lock();
        try {
            boolean isFirst = offeredVersion.epoch() == 0;
            this.isOrderedAcrossKeys = isOrderedAcrossKeys;
            offered.clear();
            for (View.Entry entry : snapshot.entries()) {
                offered.put(entry.key(), entry);
            }
            offeredVersion = comparable(snapshot, isOrderedAcrossKeys).version();
            setbacks++;
            for (NodeSession session : sessions.values()) {
                if (!isFirst && session.connected) {
                    session.connected = false;
                    heldBack.remove(session);
                    ended.add(session);
                }
                judge(session);
            }
            forEachWait(this::completeIfReached);
        } finally {
            lock.unlock();
        }
        ended.forEach(session -> end(session, Ending.RESYNC));
    }

    /** Ends every connection. Its node stays live until its lease ends, or it has said hello again. */
    void endConnections(Ending why) {
        List<NodeSession> ended = new ArrayList<>();
        lock.lock();
        try {
            for (NodeSession session : sessions.values()) {
                if (session.connected) {
                    session.connected = false;
                    heldBack.remove(session);
                    setbacks++;
                    judge(session);
                    ended.add(session);
                }
            }
        } finally {
            lock.unlock();
        }
        ended.forEach(session -> end(session, why));
    }

    /** Whether no node is live. */
    boolean isEmpty() {
        lock.lock();
        try {
            return sessions.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Where each key counts its own revisions, the highest of them says nothing of an absent key. */
    private static View.Snapshot comparable(View.Snapshot snapshot, boolean isOrderedAcrossKeys) {
        return isOrderedAcrossKeys
                ? snapshot
                : new View.Snapshot(new Version(snapshot.version().epoch(), 0), snapshot.entries());
    }

    /** Offers newer states to every session. */
    void offer(Collection<View.Entry> entries) {
        Set<NodeSession> writable = new HashSet<>();
        for (View.Entry entry : entries) {
            lock.lock();
            try {
                offer(entry, writable);
            } finally {
                lock.unlock();
            }
        }
        writable.forEach(session -> session.connection.writable());
    }

    private void offer(View.Entry entry, Set<NodeSession> writable) {
        View.Entry before = offered.get(entry.key());
        if (before != null && before.version().isAtLeast(entry.version())) {
            return;
        }
        long now = nanoClock.getAsLong();
        List<Wait> waiting = waitsFor(entry.key());
        for (NodeSession session : sessions.values()) {
            if (session.connected && session.feed.offer(entry, before, now)) {
                writable.add(session);
                if (!waiting.isEmpty()) {
                    session.feed.hurry(entry.key());
                }
            }
        }
        offered.put(entry.key(), entry);
        if (isOrderedAcrossKeys && entry.version().compareTo(offeredVersion) > 0) {
            offeredVersion = entry.version();
        }
        List.copyOf(waiting).forEach(this::completeIfReached);
    }

    /**
     * Begins the sessions that are ready with one snapshot, read after they were opened. Only the thread that offers may
     * call it: what it offers later is what the snapshot may lack.
     */
    void begin(Supplier<View.Snapshot> reader) {
        List<NodeSession> beginning = new ArrayList<>();
        lock.lock();
        try {
            for (NodeSession session : sessions.values()) {
                if (session.ready && session.connected && !session.feed.hasBegun()) {
                    beginning.add(session);
                }
            }
        } finally {
            lock.unlock();
        }
        if (beginning.isEmpty()) {
            return;
        }
        View.Snapshot snapshot = reader.get();
        lock.lock();
        try {
            View.Snapshot toSend = comparable(snapshot, isOrderedAcrossKeys);
            beginning.forEach(session -> session.feed.begin(toSend));
        } finally {
            lock.unlock();
        }
        beginning.forEach(session -> session.connection.writable());
    }

    /** Asks the connections that held changes back for a moment to look again. */
    void flushHeldBack() {
        List<NodeSession> writable;
        lock.lock();
        try {
            writable = List.copyOf(heldBack);
            heldBack.clear();
        } finally {
            lock.unlock();
        }
        writable.forEach(session -> session.connection.writable());
    }

    // What the barrier asks.

    /**
     * Waits until this pod's view and every live node have reached the version of the key; blocks.
     *
     * @return the answer of the moment at which all had, or at the timeout
     */
    PodProgress await(KeyName key, Version version, Duration timeout) throws InterruptedException {
        Wait wait = new Wait(key, version);
        List<NodeSession> hurried = new ArrayList<>();
        lock.lock();
        try {
            for (NodeSession session : sessions.values()) {
                judge(wait, session);
                if (session.feed.hurry(key)) {
                    hurried.add(session);
                }
            }
            completeIfReached(wait);
            if (wait.reached.isDone() || !timeout.isPositive() || stopped) {
                return answer(wait);
            }
            waits.computeIfAbsent(key, k -> new ArrayList<>(1)).add(wait);
        } finally {
            lock.unlock();
        }
        hurried.forEach(session -> session.connection.writable());
        try {
            return wait.reached.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException timedOut) {
            lock.lock();
            try {
                return wait.reached.isDone() ? wait.reached.join() : answer(wait);
            } finally {
                lock.unlock();
            }
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        } finally {
            forget(wait);
        }
    }

    private void forget(Wait wait) {
        lock.lock();
        try {
            waits.computeIfPresent(wait.key, (key, waiting) -> {
                waiting.remove(wait);
                return waiting.isEmpty() ? null : waiting;
            });
        } finally {
            lock.unlock();
        }
    }

    /** Ends every wait with the answer of this moment, and lets none begin: the pod is stopping. */
    void stopWaiting() {
        lock.lock();
        try {
            stopped = true;
            forEachWait(wait -> wait.reached.complete(answer(wait)));
        } finally {
            lock.unlock();
        }
    }

    /** There was a pod of which nobody knows more than its name; its nodes may live for one more lease. */
    void podOfBefore(String pod) {
        lock.lock();
        try {
            podOfBefore = pod;
            podOfBeforeEnds = nanoClock.getAsLong() + times.lease().toNanos();
            setbacks++;
        } finally {
            lock.unlock();
        }
    }

    /** The node has said hello to another pod. */
    void moved(String node, long incarnation, String session) {
        NodeSession old;
        lock.lock();
        try {
            old = sessions.get(node);
            if (old == null
                    || old.hello().incarnation() > incarnation
                    || old.hello().session().equals(session)) {
                return;
            }
            // A connected session of the same life may be the newer of the two, its rival's message late: its
            // connection
            // ends, but it counts as live until it has shown itself again or its lease is over.
            old.moved = true;
            if (!old.connected || old.hello().incarnation() < incarnation) {
                remove(old);
            }
        } finally {
            lock.unlock();
        }
        end(old, old.hello().incarnation() < incarnation ? Ending.SUPERSEDED : Ending.REPLACED);
    }

    // Time.

    /**
     * Ends the leases that are over, drops the stuck, and sends the heartbeats that are due. To be called every
     * {@link #SWEEP_INTERVAL}.
     *
     * @return the sessions whose leases have ended
     */
    List<NodeSession> sweep() {
        if (!mayConfirm.getAsBoolean()) {
            endConnections(Ending.UNLEASED);
        }
        List<NodeSession> silent = new ArrayList<>();
        List<NodeSession> stuck = new ArrayList<>();
        List<NodeSession> due = new ArrayList<>();
        lock.lock();
        try {
            long now = nanoClock.getAsLong();
            forgivePause(now);
            if (now - podOfBeforeEnds >= 0) {
                podOfBefore = null;
            }
            for (NodeSession session : sessions.values()) {
                if (now - session.heardAt > times.lease().toNanos()) {
                    silent.add(session);
                } else if (session.connected && isStuck(session, now)) {
                    stuck.add(session);
                } else if (session.connected
                        && now - session.heartbeatAt >= times.heartbeat().toNanos()) {
                    session.heartbeatAt = now;
                    due.add(session);
                }
            }
            for (NodeSession session : silent) {
                Propagation.Expired gone = new Propagation.Expired(
                        session.hello().node(), session.hello().stalePolicy());
                forEachWait(wait -> {
                    if (session.hello().isConcernedBy(wait.key)) {
                        wait.expired.add(gone);
                    }
                });
                expired += session.moved ? 0 : 1;
                remove(session);
            }
            forEachWait(this::completeIfReached);
        } finally {
            lock.unlock();
        }
        silent.forEach(session -> end(session, Ending.SILENT));
        stuck.forEach(session -> end(session, Ending.STUCK));
        due.forEach(session -> session.connection.heartbeat());
        return silent;
    }

    private boolean isStuck(NodeSession session, long now) {
        return session.feed.oldestUnconfirmedNanos(now) > times.stuckAfter().toNanos();
    }

    /** A pod that was stopped for a while could not hear anybody: that time is nobody's silence. */
    private void forgivePause(long now) {
        long pause = now - sweptAt - SWEEP_INTERVAL.toNanos();
        sweptAt = now;
        if (pause > times.heartbeat().toNanos()) {
            sessions.values().forEach(session -> session.heardAt = Math.min(now, session.heardAt + pause));
            podOfBeforeEnds += pause;
        }
    }

    // What others read.

    /** The live nodes, each with the number of its incarnation. */
    Map<String, Long> incarnations() {
        lock.lock();
        try {
            Map<String, Long> live = HashMap.newHashMap(sessions.size());
            sessions.forEach((node, session) -> live.put(node, session.hello().incarnation()));
            return live;
        } finally {
            lock.unlock();
        }
    }

    List<Nodes.Node> describeAll(String pod) {
        lock.lock();
        try {
            List<Nodes.Node> all = new ArrayList<>(sessions.size());
            sessions.values().forEach(session -> all.add(describe(session, pod, Map.of())));
            return all;
        } finally {
            lock.unlock();
        }
    }

    Nodes.@Nullable Node describe(String node, String pod) {
        lock.lock();
        try {
            NodeSession session = sessions.get(node);
            return session == null ? null : describe(session, pod, Map.copyOf(session.callSites));
        } finally {
            lock.unlock();
        }
    }

    private Nodes.Node describe(NodeSession session, String pod, Map<String, Integer> callSites) {
        NodeHello hello = session.hello();
        return new Nodes.Node(
                hello.node(),
                hello.application(),
                hello.version(),
                pod,
                session.connected,
                session.since,
                silence(session),
                hello.stalePolicy(),
                session.feed.appliedVersion(),
                session.feed.unconfirmed(),
                callSites);
    }

    /** @param named how many of those that lag to name */
    Census census(int named) {
        lock.lock();
        try {
            long now = nanoClock.getAsLong();
            int connected = 0;
            int lagging = 0;
            long oldest = 0;
            long pending = 0;
            long unconfirmed = 0;
            long conflated = conflatedBefore;
            // Those that lag least come first, to be left out first.
            Queue<Laggard> worst = new PriorityQueue<>(Comparator.comparing(Laggard::behind));
            for (NodeSession session : sessions.values()) {
                NodeFeed feed = session.feed;
                pending += feed.pending();
                unconfirmed += feed.unconfirmed();
                conflated += feed.conflated();
                if (session.connected) {
                    connected++;
                    oldest = Math.max(oldest, feed.oldestUnconfirmedNanos(now));
                }
                Laggard laggard = lagging(session, now);
                if (laggard != null) {
                    lagging++;
                    worst.add(laggard);
                    if (worst.size() > named) {
                        worst.remove();
                    }
                }
            }
            List<Laggard> most = worst.stream()
                    .sorted(Comparator.comparing(Laggard::behind).reversed())
                    .toList();
            return new Census(
                    connected,
                    sessions.size() - connected,
                    lagging,
                    most,
                    Duration.ofNanos(oldest),
                    pending,
                    unconfirmed,
                    conflated,
                    expired);
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable Laggard lagging(NodeSession session, long now) {
        long behind = behindNanos(session, now);
        if (session.connected && behind < LAGGING_AFTER.toNanos()) {
            return null;
        }
        return new Laggard(session.hello().node(), why(session, now), Duration.ofNanos(behind));
    }

    private static Lag why(NodeSession session, long now) {
        if (!session.connected) {
            return Lag.DISCONNECTED;
        }
        if (!session.feed.isSynced()) {
            return Lag.CONNECTING;
        }
        return session.feed.oldestUnconfirmedNanos(now) >= session.feed.oldestExceptedNanos(now)
                ? Lag.NOT_APPLIED
                : Lag.EXCEPTED;
    }

    private static long behindNanos(NodeSession session, long now) {
        long behind = Math.max(session.feed.oldestUnconfirmedNanos(now), session.feed.oldestExceptedNanos(now));
        if (!session.feed.isSynced()) {
            behind = Math.max(behind, now - session.unsyncedSince);
        }
        return session.connected ? behind : Math.max(behind, now - session.heardAt);
    }

    /** A node that is dropped since it applies nothing, and says hello again, has applied nothing yet. */
    private void resume(NodeSession session, NodeSession before) {
        long now = nanoClock.getAsLong();
        session.unsyncedSince = now - behindNanos(before, now);
        session.feed.resume(before.feed);
    }

    // Under the lock.

    private boolean isCurrent(NodeSession session) {
        return sessions.get(session.hello().node()) == session;
    }

    private void remove(NodeSession session) {
        sessions.remove(session.hello().node());
        forget(session);
    }

    private void forget(NodeSession session) {
        heldBack.remove(session);
        conflatedBefore += session.feed.conflated();
        forEachWait(wait -> {
            if (wait.missing.remove(session)) {
                completeIfReached(wait);
            }
        });
    }

    private List<Wait> waitsFor(KeyName key) {
        return waits.getOrDefault(key, List.of());
    }

    private void forEachWait(Consumer<Wait> action) {
        waits.values().forEach(waiting -> waiting.forEach(action));
    }

    private void judge(NodeSession session) {
        forEachWait(wait -> judge(wait, session));
    }

    private void judge(Wait wait, NodeSession session) {
        if (!session.hello().isConcernedBy(wait.key)) {
            return;
        }
        if (!rule.isReached(session, wait.key, wait.version, offeredOf(wait.key))) {
            wait.missing.add(session);
        } else if (wait.missing.remove(session)) {
            completeIfReached(wait);
        }
    }

    private Version offeredOf(KeyName key) {
        View.Entry entry = offered.get(key);
        return entry == null ? new Version(offeredVersion.epoch(), 0) : entry.version();
    }

    private void completeIfReached(Wait wait) {
        if (wait.missing.isEmpty() && podOfBefore == null && offeredOf(wait.key).isAtLeast(wait.version)) {
            wait.reached.complete(answer(wait));
        }
    }

    private PodProgress answer(Wait wait) {
        int concerned = 0;
        for (NodeSession session : sessions.values()) {
            concerned += session.hello().isConcernedBy(wait.key) ? 1 : 0;
        }
        List<Propagation.Laggard> laggards = wait.missing.stream()
                .sorted(Comparator.comparing(session -> session.hello().node()))
                .limit(Propagation.MOST_NAMED)
                .map(session -> laggard(session, wait.key))
                .toList();
        return new PodProgress(
                offeredOf(wait.key).isAtLeast(wait.version),
                concerned,
                laggards,
                wait.missing.size(),
                podOfBefore == null ? List.of() : List.of(podOfBefore),
                List.copyOf(wait.expired),
                setbacks);
    }

    private Propagation.Laggard laggard(NodeSession session, KeyName key) {
        NodeFeed feed = session.feed;
        Excepted excepted = feed.exceptedOf(key);
        String reason = !session.connected
                ? "disconnected"
                : !feed.isSynced() ? "connecting" : excepted != null ? excepted.reason() : "not applied";
        return new Propagation.Laggard(
                session.hello().node(),
                session.hello().application(),
                feed.appliedOf(key, offeredOf(key)),
                silence(session),
                reason);
    }

    private Duration silence(NodeSession session) {
        return Duration.ofNanos(nanoClock.getAsLong() - session.heardAt);
    }

    // Without the lock.

    private static void end(NodeSession session, Ending why) {
        session.connection.end(why);
    }
}
