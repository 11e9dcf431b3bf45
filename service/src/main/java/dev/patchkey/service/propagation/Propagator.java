package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Runs propagation on this pod: feeds the nodes from the view, lets time pass for them, and ends what they leave behind. */
public final class Propagator implements SmartLifecycle {

    /** How many sweeps go over every hold in one lease. */
    private static final int ORPHAN_SWEEPS_IN_A_LEASE = 5;

    /** A thread for each: one that waits for other pods must not delay the leases, nor look like a pause of the JVM. */
    private static final int REPEATED_TASKS = 5;

    /** Of nodes that are forgotten in one go; more than a large fleet loses for good between two. */
    private static final int MOST_FORGOTTEN = 10_000;

    private static final Logger log = LoggerFactory.getLogger(Propagator.class);

    private final View view;
    private final Incarnations incarnations;
    private final LiveNodes nodes;
    private final Cluster cluster;
    private final PodRegistration registration;
    private final NodeHolds holds;
    private final OrphanSweep orphans;
    private final Duration forgetAfter;
    private final Duration orphanInterval;
    /** The sessions whose leases have ended and whose holds have not; at most those of one question to the other pods. */
    private final Queue<NodeSession> ended = new ConcurrentLinkedQueue<>();

    private @Nullable ViewFeeder feeder;
    private @Nullable ScheduledExecutorService timer;

    /** @param forgetAfter how long a node is silent before it is forgotten */
    public Propagator(
            ReferenceCounts counts,
            Incarnations incarnations,
            LiveNodes nodes,
            Cluster cluster,
            PodRegistration registration,
            NodeHolds holds,
            LeaseTimes times,
            Duration forgetAfter,
            LongSupplier nanoClock) {
        this.view = counts.view();
        this.incarnations = incarnations;
        this.nodes = nodes;
        this.cluster = cluster;
        this.registration = registration;
        this.holds = holds;
        this.forgetAfter = forgetAfter;
        this.orphans = new OrphanSweep(counts, holds, cluster::liveEverywhere, times.lease(), nanoClock);
        this.orphanInterval = times.lease().dividedBy(ORPHAN_SWEEPS_IN_A_LEASE);
    }

    @Override
    public synchronized void start() {
        if (isRunning()) {
            return;
        }
        cluster.start(mayHaveNodes());
        ViewFeeder starting = new ViewFeeder(view, nodes);
        nodes.notify(starting::wake, starting::wakeInAMoment);
        starting.start();
        feeder = starting;
        registration.start();
        ScheduledExecutorService ticking = Executors.newScheduledThreadPool(
                REPEATED_TASKS,
                Thread.ofPlatform().daemon().name("patchkey-leases-", 0).factory());
        every(ticking, LiveNodes.SWEEP_INTERVAL, this::endLeases);
        every(ticking, LiveNodes.SWEEP_INTERVAL, this::endHolds);
        every(ticking, PodRegistration.RENEWAL_INTERVAL, cluster::lookAround);
        every(ticking, orphanInterval, orphans::sweep);
        every(ticking, Incarnations.HEARD_EVERY, this::forgetSilentNodes);
        timer = ticking;
    }

    /**
     * Whether nodes of an earlier life of the service may still be out there. An empty view proves nothing: nodes connect
     * before any key is touched, and a store in memory forgets.
     */
    private boolean mayHaveNodes() {
        try {
            return view.version().revision() > 0 || incarnations.mayHaveNumbered();
        } catch (StoreUnavailableException e) {
            log.warn("Could not find out whether any node has ever connected, so it is taken for granted", e);
            return true;
        }
    }

    private void endLeases() {
        ended.addAll(nodes.sweep());
    }

    private void endHolds() {
        List<NodeSession> over = new ArrayList<>();
        for (NodeSession session = ended.poll(); session != null; session = ended.poll()) {
            over.add(session);
        }
        if (over.isEmpty()) {
            return;
        }
        // A node that another pod knows has shown itself there. Where a pod does not say, the orphan sweep will.
        Optional<Map<String, Long>> live = cluster.liveEverywhere();
        for (NodeSession session : over) {
            NodeHello hello = session.hello();
            if (live.isPresent() && !Objects.equals(live.get().get(hello.node()), hello.incarnation())) {
                holds.end(session, "the lease of the node ended");
            }
        }
    }

    /** Those that are here are told of first: where that fails, none is forgotten. */
    void forgetSilentNodes() {
        List<Holder> here =
                nodes.incarnations().keySet().stream().map(Holder::new).toList();
        for (int from = 0; from < here.size(); from += Incarnations.LARGEST_PART) {
            incarnations.heard(here.subList(from, Math.min(from + Incarnations.LARGEST_PART, here.size())));
        }
        int found = Incarnations.LARGEST_PART;
        for (int sum = 0; found == Incarnations.LARGEST_PART && sum < MOST_FORGOTTEN; sum += found) {
            found = incarnations.forget(forgetAfter, Incarnations.LARGEST_PART);
        }
    }

    private static void every(ScheduledExecutorService timer, Duration interval, Runnable action) {
        ScheduledFuture<?> unused = timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        action.run();
                    } catch (Throwable e) {
                        // Whatever escapes would end the repetition for good.
                        log.error("Will be tried again: {}", e.toString(), e);
                    }
                },
                interval.toNanos(),
                interval.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized void stop() {
        // First, so that whoever waits is answered before the web server, which stops next, loses patience.
        cluster.stop();
        registration.leave();
        ScheduledExecutorService ticking = timer;
        if (ticking != null) {
            ticking.shutdownNow();
        }
        ViewFeeder feeding = feeder;
        if (feeding != null) {
            feeding.close();
        }
        timer = null;
        feeder = null;
    }

    @Override
    public synchronized boolean isRunning() {
        return feeder != null;
    }

    /** Stops after the channel, before the web server. */
    @Override
    public int getPhase() {
        return DEFAULT_PHASE - 1;
    }
}
