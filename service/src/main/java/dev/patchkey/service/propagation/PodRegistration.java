package dev.patchkey.service.propagation;

import dev.patchkey.service.propagation.NodeConnection.Ending;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * One thread writes the row, so that its numbers are in the order of its writes. What the row says must be true before
 * it is acted on in one direction and after in the other:
 *
 *   IDLE -> SERVING   written first, then nodes are let in: a hello waits for it
 *   SERVING -> IDLE   hellos are held up first, and no session may be left; then it is written
 *   any -> LEFT       the lease is ended first; then it is written
 *
 * A write of unknown fate counts as the worse of the two: not written where nodes wait for it, written where they must
 * wait for the next.
 *
 * A lease that has ended is taken up again only after every connection was ended: the other pods may have forgotten those
 * nodes, and a hello is what makes them known again.
 */
/** Keeps this pod's row in the registry, and with it the pod's lease. Thread-safe. */
public final class PodRegistration implements AutoCloseable {

    /** How often the row is written: many times in the shortest lease. */
    static final Duration RENEWAL_INTERVAL = Duration.ofSeconds(1);

    /** How long a hello waits for the row to say that there are nodes: above what one write takes. */
    private static final Duration HELLO_PATIENCE = Duration.ofSeconds(3);

    /** How long a pod that is told to go tries to say so: the others wait for its lease if it cannot. */
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(PodRegistration.class);

    private final PodRegistry registry;
    private final PodPeers self;
    private final PodLease lease;
    private final LiveNodes nodes;
    private final Duration nodeLease;
    private final LongSupplier nanoClock;

    private final ScheduledExecutorService writer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("patchkey-pod-lease").factory());
    private final AtomicBoolean wanted = new AtomicBoolean();

    /** Used by the writer alone. */
    private long renewals;

    /** Whether a row was written. Used by the writer alone. */
    private boolean registered;

    /** Whether it was said that the lease has ended. Used by the writer alone. */
    private boolean lapseTold;

    /** Guards all below; taken before the lock of {@link LiveNodes}. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition written = lock.newCondition();

    /** Whether the row surely says {@link Phase#SERVING}. */
    private boolean serving;

    /** The hellos that are let in, or wait to be. */
    private int entering;

    private boolean hasLeft;

    public PodRegistration(
            PodRegistry registry,
            PodPeers self,
            PodLease lease,
            LiveNodes nodes,
            Duration nodeLease,
            LongSupplier nanoClock) {
        this.registry = registry;
        this.self = self;
        this.lease = lease;
        this.nodes = nodes;
        this.nodeLease = nodeLease;
        this.nanoClock = nanoClock;
    }

    void start() {
        ScheduledFuture<?> unused =
                writer.scheduleWithFixedDelay(this::renewOrWarn, 0, RENEWAL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Opens a session once every other pod can know that this one has nodes; blocks.
     *
     * @return the session, or null if a later life of the node is live already
     * @throws StoreUnavailableException if the pod has no lease and does not get one in time
     */
    public @Nullable NodeSession open(NodeHello hello, NodeConnection connection) {
        enter();
        try {
            return nodes.open(hello, connection);
        } finally {
            lock.lock();
            try {
                entering--;
            } finally {
                lock.unlock();
            }
        }
    }

    private void enter() {
        lock.lock();
        try {
            entering++;
            boolean entered = false;
            try {
                awaitServing();
                entered = true;
            } finally {
                entering -= entered ? 0 : 1;
            }
        } finally {
            lock.unlock();
        }
    }

    private void awaitServing() {
        long rest = HELLO_PATIENCE.toNanos();
        while (!isServing()) {
            if (hasLeft) {
                throw new StoreUnavailableException("The pod is shutting down");
            }
            if (rest <= 0) {
                throw new StoreUnavailableException("The pod could not renew its own lease at the store");
            }
            renewSoon();
            try {
                rest = written.awaitNanos(rest);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreUnavailableException("Interrupted while the pod renewed its lease", e);
            }
        }
    }

    /** Whether a hello is let in at once. */
    boolean isServing() {
        lock.lock();
        try {
            return serving && !hasLeft && lease.stands();
        } finally {
            lock.unlock();
        }
    }

    /** Whether nodes of this pod are without a lease of the pod's. */
    public boolean hasLapsed() {
        return !lease.stands() && !nodes.isEmpty();
    }

    private void renewSoon() {
        if (wanted.compareAndSet(false, true)) {
            try {
                writer.execute(() -> {
                    wanted.set(false);
                    renewOrWarn();
                });
            } catch (RejectedExecutionException stopped) {
                log.debug("Not renewed: the pod has stopped");
            }
        }
    }

    private void renewOrWarn() {
        try {
            renew();
        } catch (Throwable e) {
            // An Error too: what is scheduled ends for good at the first one that it lets through.
            if (hasLapsed() && !lapseTold) {
                lapseTold = true;
                log.warn(
                        "The pod's own lease has ended since it could not be renewed, so its nodes are sent to other"
                                + " pods; trying again each second: {}",
                        e.toString());
            } else {
                log.debug("The pod's lease could not be renewed", e);
            }
        }
    }

    /** Writes the row once; blocks. By one thread. */
    void renew() {
        boolean serve;
        lock.lock();
        try {
            if (hasLeft) {
                return;
            }
            serve = entering > 0 || !nodes.isEmpty();
            if (!serve) {
                serving = false;
            }
        } finally {
            lock.unlock();
        }
        long sentAt = nanoClock.getAsLong();
        boolean known = registry.put(row(serve ? Phase.SERVING : Phase.IDLE));
        if (registered && !known) {
            log.warn("The pod's row was gone from the store: its nodes say hello again");
            lease.end();
        }
        registered = true;
        if (!lease.stands()) {
            nodes.endConnections(Ending.UNLEASED);
        }
        lock.lock();
        try {
            if (!hasLeft) {
                serving = serve;
                lease.renewed(sentAt);
                written.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (lapseTold) {
            lapseTold = false;
            log.info("The pod has a lease again");
        }
    }

    private Row row(Phase phase) {
        return new Row(self.id(), self.name(), self.cluster(), lease.length(), nodeLease, phase, ++renewals);
    }

    /** Renews no lease from now on, and says so in the row if the store takes it in time; blocks. */
    void leave() {
        boolean idle;
        lock.lock();
        try {
            if (hasLeft) {
                return;
            }
            hasLeft = true;
            lease.end();
            idle = entering == 0 && nodes.isEmpty();
            written.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            Future<Boolean> farewell = writer.submit(() -> registry.put(row(idle ? Phase.IDLE : Phase.LEFT)));
            farewell.get(LEAVE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            log.warn(
                    "Could not say at the store that this pod leaves: the others wait for its lease, {}", e.toString());
        }
    }

    @Override
    public void close() {
        leave();
        writer.shutdownNow();
    }
}
