package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.client.protocol.PodMessage;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The node's connection to the service over all its sessions: connects, reconnects, and keeps the lease.
 *
 * <p>Everything happens on one thread, which never waits for the network, a rebind or foreign code: the token's supplier
 * runs on a worker.
 */
final class Channel {

    /** The first delay is at most this long, and each next bound twice the one before. */
    private static final Duration BACKOFF_BASE = Duration.ofMillis(200);

    /** Delays stay below this, so that a node is back soon after a long outage. */
    private static final Duration BACKOFF_CAP = Duration.ofSeconds(15);

    /** Over how long the nodes of a pod that shuts down spread. */
    private static final Duration MOVE_ON_SPREAD = Duration.ofSeconds(1);

    /** A session that was ready for so long was a good one: the next failure is the first again. */
    private static final Duration GOOD_SESSION = Duration.ofSeconds(5);

    private final Config config;
    private final ScheduledExecutorService thread;
    private final Threads threads;
    private final Lease lease;
    private final Holds holds;
    private final Backlog backlog;
    private final StatusBoard board;
    private final Supplier<Map<String, Integer>> declared;
    private final String incarnation = UUID.randomUUID().toString();
    private final CountDownLatch byeSaid = new CountDownLatch(1);

    // Of the channel's thread alone
    private final Backoff backoff = new Backoff(
            BACKOFF_BASE, BACKOFF_CAP, () -> ThreadLocalRandom.current().nextDouble());

    /** Null once closed, so that whoever keeps a closed node keeps no client with its threads and connections. */
    private @Nullable Clients http;

    private int turn;
    private @Nullable Session session;
    private long readyNanos;
    private boolean ready;
    private boolean done;

    /** How often the newest welcome wanted to hear of this node: over so long its nodes spread that say hello again. */
    private Duration heartbeat = MOVE_ON_SPREAD;

    /** Grows with each lease check that is scheduled: the newest alone counts, as a new lease may end sooner. */
    private long leaseChecks;

    Channel(
            Config config,
            Clients http,
            Threads threads,
            Lease lease,
            Holds holds,
            Backlog backlog,
            StatusBoard board,
            Supplier<Map<String, Integer>> declared) {
        this.config = config;
        this.http = http;
        this.threads = threads;
        this.thread = threads.channel();
        this.lease = lease;
        this.holds = holds;
        this.backlog = backlog;
        this.board = board;
        this.declared = declared;
    }

    Config config() {
        return config;
    }

    Lease lease() {
        return lease;
    }

    Holds holds() {
        return holds;
    }

    StatusBoard board() {
        return board;
    }

    String incarnation() {
        return incarnation;
    }

    Map<String, Integer> declared() {
        return declared.get();
    }

    /** Runs something on the channel's thread; nothing once that has ended. */
    void post(Runnable task) {
        try {
            thread.execute(guarded(task));
        } catch (RejectedExecutionException e) {
            config.logger().log(System.Logger.Level.TRACE, "the channel is closed; nobody waits for this", e);
        }
    }

    /** Runs something that may wait, on a worker; false if it does not, as the node is closed. */
    boolean work(Runnable task) {
        return threads.run(task);
    }

    private void schedule(Duration delay, Runnable task) {
        try {
            // A nanosecond more than asked for costs nothing; one less would have what is due found not due yet.
            var unused = thread.schedule(guarded(task), delay.toNanos() + 1, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            config.logger().log(System.Logger.Level.TRACE, "the channel is closed; nobody waits for this", e);
        }
    }

    /** Runs something later, if the session is still the current one. */
    void later(Duration delay, Session of, Runnable task) {
        schedule(delay, () -> ifCurrent(of, task));
    }

    /** Runs something again and again, as long as the session is the current one. */
    void every(Duration period, Session of, Runnable task) {
        // Each run schedules the next, so that a thread that was held up does not make up for what it missed.
        later(period, of, () -> {
            every(period, of, task);
            task.run();
        });
    }

    private void ifCurrent(Session of, Runnable task) {
        if (session == of) {
            task.run();
        }
    }

    private Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (Throwable e) {
                config.logger().log(System.Logger.Level.ERROR, "the channel met a bug and connects anew", e);
                Session broken = session;
                if (broken != null) {
                    broken.abort();
                    ended(broken, Ending.broken("a bug in the client: " + e));
                }
            }
        };
    }

    void connect() {
        if (done) {
            return;
        }
        URI service = config.services().get(turn++ % config.services().size());
        board.connecting();
        Session next = new Session(service, this);
        session = next;
        Clients clients = http;
        if (clients == null) {
            return;
        }
        if (config.bearerToken() == null && !clients.mayWait()) {
            open(next, clients.renewed(), null);
        } else {
            threads.run(() -> {
                try {
                    String authorization = config.authorization();
                    HttpClient client = clients.renewed();
                    post(() -> ifCurrent(next, () -> open(next, client, authorization)));
                } catch (Throwable e) {
                    post(() -> ended(next, Ending.broken("cannot connect, as there is no token or no TLS: " + e)));
                }
            });
        }
    }

    private void open(Session next, HttpClient client, @Nullable String authorization) {
        if (done) {
            return;
        }
        try {
            next.open(client, authorization);
        } catch (RuntimeException e) {
            ended(next, Ending.broken("cannot connect: " + e));
        }
    }

    void welcomed(Session by, PodMessage.Welcome welcome, long helloSentNanos, List<NodeMessages.Held> helloHeld) {
        if (lease.isStanding() && !lease.isLive()) {
            // It ended while this thread was held up: what was held until then must not outlive it in the new one.
            leaseEnded();
        }
        heartbeat = Duration.ofMillis(welcome.heartbeatMillis());
        lease.begin(helloSentNanos, Duration.ofMillis(welcome.leaseMillis()));
        backlog.begin();
        board.welcomed(welcome.pod());
        holds.welcomed(new Standing(by.service(), welcome.session(), incarnation, lease.term()), helloHeld, welcome);
        // Last, since the welcome may have taken longer than its lease: then all of the above is over.
        checkLease();
    }

    void deliver(Session from, PodMessage.Numbered message) {
        if (session == from) {
            backlog.deliver(from, message, config::subscribes);
        }
    }

    /** Whether the session is still the current one, which is now up to date. */
    boolean ready(Session of) {
        if (session != of) {
            return false;
        }
        ready = true;
        readyNanos = System.nanoTime();
        board.ready();
        return true;
    }

    /** A session has ended by itself. */
    void ended(Session ended, Ending ending) {
        if (session != ended || done) {
            return;
        }
        session = null;
        holds.disconnected();
        if (ready && System.nanoTime() - readyNanos > GOOD_SESSION.toNanos()) {
            backoff.reset();
        }
        boolean wasReady = ready;
        ready = false;
        switch (ending.next()) {
            case SUPERSEDED -> stopForGood(Status.Phase.SUPERSEDED, ending);
            case INCOMPATIBLE -> stopForGood(Status.Phase.INCOMPATIBLE, ending);
            // A session that was never ready is a failure whatever its pod says: such pods must not be asked in a loop.
            case MOVE_ON -> retry(ended, ending, wasReady ? jitter(MOVE_ON_SPREAD) : backoff.next());
            case RESYNC -> retry(ended, ending, jitter(heartbeat));
            case BACK_OFF -> retry(ended, ending, backoff.next());
        }
    }

    private static Duration jitter(Duration spread) {
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(spread.toMillis() + 1));
    }

    private void retry(Session ended, Ending ending, Duration delay) {
        board.failed(ended.service(), ending.sentence(), delay);
        schedule(delay, this::connect);
    }

    private void stopForGood(Status.Phase phase, Ending ending) {
        done = true;
        board.ended(phase, ending.sentence());
        loseLease();
        holds.refuse(phase.name().toLowerCase(Locale.ROOT), ending.sentence());
    }

    /** Looks whether the lease has ended, and looks again when it may have. */
    private void checkLease() {
        if (done || !lease.isStanding()) {
            return;
        }
        long remaining = lease.remainingNanos();
        if (remaining > 0) {
            long check = ++leaseChecks;
            schedule(Duration.ofNanos(remaining), () -> {
                if (check == leaseChecks) {
                    checkLease();
                }
            });
            return;
        }
        leaseEnded();
        Session silent = session;
        if (silent != null) {
            silent.abort();
            ended(silent, Ending.broken("the lease has ended"));
        }
    }

    private void leaseEnded() {
        board.stale("no renewal of its lease has been confirmed in time");
        loseLease();
    }

    private void loseLease() {
        lease.lose();
        holds.lost();
        backlog.stale(lease.term(), config::disablesWhenStale);
    }

    /** The pod has got the bye. */
    void saidBye() {
        byeSaid.countDown();
    }

    /** Says bye, for at most the time given, and ends. Not for the channel's thread. */
    void close(Duration wait) {
        post(() -> {
            done = true;
            loseLease();
            Session last = session;
            if (last == null || last.id() == null) {
                byeSaid.countDown();
            } else {
                last.bye();
            }
        });
        try {
            if (!byeSaid.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                config.logger().log(System.Logger.Level.DEBUG, "the pod has not answered the bye");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        post(() -> {
            if (session != null) {
                session.abort();
            }
            session = null;
            http = null;
        });
    }
}
