package dev.patchkey.service.channel;

import dev.patchkey.service.limits.Places;
import dev.patchkey.service.logging.LogFields;
import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeHello;
import dev.patchkey.service.propagation.NodeHolds;
import dev.patchkey.service.propagation.NodeHolds.Held;
import dev.patchkey.service.propagation.NodeHolds.Reacquired;
import dev.patchkey.service.propagation.NodeSession;
import dev.patchkey.service.propagation.PodRegistration;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.ForbiddenException;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** All connections of this pod, and what they share. */
final class Channel implements SmartLifecycle {

    /** How long a node may take to say hello. */
    static final Duration HELLO_TIMEOUT = Duration.ofSeconds(5);

    /** How long a connection that was closed may take to go. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** Above the 20,000 nodes that a pod is made for, with room for those that reconnect before they are missed. */
    private static final int MOST_CONNECTIONS = 30_000;

    private static final Duration TICK = Duration.ofMillis(250);

    /** How many hellos ask the store at a time, so that a storm of reconnects does not starve its other callers. */
    private static final int MOST_GREETINGS = 64;

    /** More writers than processors would only wait for one another. */
    private static final int MOST_WRITERS = 4;

    private static final Logger log = LoggerFactory.getLogger(Channel.class);

    private final LiveNodes nodes;
    private final Cluster cluster;
    private final PodRegistration registration;
    private final NodeHolds holds;
    private final Incarnations incarnations;
    private final View view;
    private final LeaseTimes times;
    private final ChannelMetrics metrics;
    private final Duration helloTimeout;
    private final Places places;
    private final Predicate<Caller> areGood;

    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Semaphore greetings = new Semaphore(MOST_GREETINGS);
    private final ExecutorService greeters = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-hello-", 0).factory());
    private final ExecutorService writers = Executors.newFixedThreadPool(
            Math.min(MOST_WRITERS, Runtime.getRuntime().availableProcessors()),
            Thread.ofPlatform().daemon().name("patchkey-writer-", 0).factory());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("patchkey-channel").factory());
    private volatile boolean running;

    /**
     * @param places of each caller's connections
     * @param areGood whether a caller's credentials still are
     */
    Channel(
            LiveNodes nodes,
            Cluster cluster,
            PodRegistration registration,
            NodeHolds holds,
            Incarnations incarnations,
            View view,
            LeaseTimes times,
            ChannelMetrics metrics,
            Duration helloTimeout,
            Places places,
            Predicate<Caller> areGood) {
        this.nodes = nodes;
        this.cluster = cluster;
        this.registration = registration;
        this.holds = holds;
        this.incarnations = incarnations;
        this.view = view;
        this.times = times;
        this.metrics = metrics;
        this.helloTimeout = helloTimeout;
        this.places = places;
        this.areGood = areGood;
    }

    /** Whether another node can be taken in. */
    boolean hasRoom() {
        return running && connections.size() < MOST_CONNECTIONS;
    }

    /** Whether the caller may have another connection. */
    boolean hasRoomFor(String counted) {
        return places.isFree(counted);
    }

    /** How many connections a caller may have. */
    int mostOfACaller() {
        return places.most();
    }

    Connection connect(Caller caller, String counted) {
        return new Connection(this, nodes, caller, counted, System.nanoTime());
    }

    ChannelMetrics metrics() {
        return metrics;
    }

    /** Returns why the connection may not stay; null if it may. */
    @Nullable CloseCode opened(Connection connection) {
        if (!places.tryTake(connection.counted())) {
            return CloseCode.NOT_READY;
        }
        connections.add(connection);
        return running ? null : CloseCode.GOING_AWAY;
    }

    void closed(Connection connection) {
        if (connections.remove(connection)) {
            places.giveBack(connection.counted());
        }
    }

    void write(Runnable pump) {
        try {
            writers.execute(pump);
        } catch (RejectedExecutionException stopped) {
            // The pod is down, and so is the connection.
            log.debug("Not written: the channel has stopped");
        }
    }

    void abortLater(Connection connection) {
        try {
            ScheduledFuture<?> unused =
                    timer.schedule(connection::abort, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopped) {
            connection.abort();
        }
    }

    void bye(NodeSession session) {
        if (nodes.bye(session)) {
            holds.endLife(session.hello(), "the node said bye");
        }
    }

    /** Grants or refuses a hello, on a thread of its own, since the store must be asked. */
    void greet(Connection connection, NodeMessage.Hello hello) {
        greeters.execute(() -> {
            try {
                greetings.acquire();
                try {
                    greetSlow(connection, hello);
                } finally {
                    greetings.release();
                }
            } catch (StoreUnavailableException | OutcomeUnknownException e) {
                connection.turnAway(CloseCode.NOT_READY, "the store does not answer: " + e.getMessage());
            } catch (InterruptedException e) {
                connection.turnAway(CloseCode.GOING_AWAY, "the pod is shutting down");
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue(LogFields.NODE, hello.node())
                        .setCause(e)
                        .log("Could not greet {}", hello.node());
                connection.turnAway(CloseCode.NOT_READY, "the pod has failed, and its log says why");
            }
        });
    }

    private void greetSlow(Connection connection, NodeMessage.Hello hello) {
        Version here = view.version();
        if (isBehind(here, hello)) {
            connection.turnAwayBehind(PodMessages.behind(here));
            return;
        }
        Caller caller = connection.caller();
        Holder holder;
        List<String> prefixes;
        try {
            holder = caller.node(hello.node());
            prefixes = keysOf(caller, hello.prefixes());
        } catch (IllegalArgumentException e) {
            connection.turnAway(CloseCode.INVALID, String.valueOf(e.getMessage()));
            return;
        } catch (ForbiddenException e) {
            connection.turnAway(CloseCode.FORBIDDEN, e.detail());
            return;
        }
        List<Held> mayHold = hello.held().stream()
                .filter(held -> caller.mayChange(held.key()))
                .toList();
        switch (incarnations.number(caller.name(), holder, hello.incarnation())) {
            case Incarnations.Numbered.Refused refused -> connection.turnAway(CloseCode.SUPERSEDED, refused.detail());
            case Incarnations.Numbered.Unknown unknown ->
                throw new IllegalStateException("An incarnation that shows itself is unknown: " + unknown.detail());
            case Incarnations.Numbered.Current current -> {
                NodeHello opening = new NodeHello(
                        holder.value(),
                        current.number(),
                        UUID.randomUUID().toString(),
                        hello.application(),
                        hello.version(),
                        hello.stalePolicy(),
                        prefixes);
                NodeSession session = registration.open(opening, connection);
                if (session == null) {
                    connection.turnAway(CloseCode.SUPERSEDED, "incarnation is superseded by a later life of the node");
                    return;
                }
                metrics.connected(current.isNew());
                connection.attach(session);
                cluster.tellMoved(opening);
                if (current.isNew()) {
                    holds.endEarlierLives(holder, current.number());
                }
                List<Reacquired> held = holds.acquireAgain(holder, current.number(), opening.session(), mayHold);
                connection.welcome(PodMessages.welcome(
                        opening.session(),
                        current.number(),
                        times.lease(),
                        times.heartbeat(),
                        cluster.pod(),
                        view.version().epoch(),
                        held));
            }
        }
    }

    /** The prefixes that the node asks for, as far as its caller may read them; empty for all keys. */
    private static List<String> keysOf(Caller caller, List<String> asked) {
        List<String> within = (asked.isEmpty() ? List.of("") : asked)
                .stream().flatMap(prefix -> caller.within(prefix).stream()).toList();
        return within.contains("") ? List.of() : within;
    }

    /** Whether the node knows what this pod does not. Where each key counts its own, only epochs can be compared. */
    private boolean isBehind(Version here, NodeMessage.Hello hello) {
        Version known = hello.known();
        if (known == null) {
            return false;
        }
        return view.isOrderedAcrossKeys() ? !here.isAtLeast(known) : here.epoch() < known.epoch();
    }

    @Override
    public void start() {
        running = true;
        ScheduledFuture<?> unused =
                timer.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        long now = System.nanoTime();
        for (Connection connection : connections) {
            try {
                if (connection.isWaitingForHello() && now - connection.since() > helloTimeout.toNanos()) {
                    connection.helloIsLate("hello must arrive within " + helloTimeout.toMillis() + " ms");
                }
                if (!areGood.test(connection.caller())) {
                    connection.credentialHasEnded();
                }
            } catch (Throwable e) {
                // Whatever escapes would end the timer for good, and with it the timeout of every later connection.
                log.error("Could not close a connection whose time is over", e);
            }
        }
    }

    /** Sends every node away, so that each finds another pod while this one drains. */
    @Override
    public void stop() {
        running = false;
        connections.forEach(connection -> connection.close(CloseCode.GOING_AWAY, null));
        long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
        try {
            while (!connections.isEmpty() && System.nanoTime() - deadline < 0) {
                Thread.sleep(TICK.dividedBy(10));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connections.forEach(Connection::abort);
        timer.shutdownNow();
        greeters.shutdownNow();
        writers.shutdown();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** The first to stop and the last to start: before the web server stops, and after all that a hello needs. */
    @Override
    public int getPhase() {
        return DEFAULT_PHASE;
    }
}
