package dev.patchkey.service.propagation;

import dev.patchkey.service.logging.LogFields;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The holds of nodes, as sessions begin and end. Every end of a hold is conditional on the session that was seen to end,
 * at the authority: a node that has shown itself in a newer session, to any pod, has stamped its holds with that one, and
 * keeps them.
 */
public final class NodeHolds implements AutoCloseable {

    /** How many ends of holds ask the store at a time, so that a fleet that is lost does not starve its other callers. */
    private static final int MOST_AT_A_TIME = 16;

    private static final Duration FIRST_RETRY = Duration.ofMillis(100);
    private static final Duration LAST_RETRY = Duration.ofSeconds(5);
    private static final String ACTOR = "patchkey";
    private static final Logger log = LoggerFactory.getLogger(NodeHolds.class);

    /**
     * A key that a node holds, as it says in its hello.
     *
     * @param key which key
     * @param operation the node's operation that acquired it
     */
    public record Held(KeyName key, long operation) {}

    /**
     * A hold that has been acquired again.
     *
     * @param key which key
     * @param done its count and version
     */
    public record Reacquired(KeyName key, Outcome.Done done) {}

    private final ReferenceCounts counts;
    private final Semaphore permits = new Semaphore(MOST_AT_A_TIME);
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-holds-", 0).factory());

    public NodeHolds(ReferenceCounts counts) {
        this.counts = counts;
    }

    /**
     * Acquires again, for the new session, what the node holds; blocks.
     *
     * @return those that could be; a refused one is missing
     * @throws StoreUnavailableException if the store could not be asked
     * @throws OutcomeUnknownException if it could not be asked what became of one; asking again is harmless
     */
    public List<Reacquired> acquireAgain(Holder holder, long incarnation, String session, List<Held> held) {
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>(held.size());
        for (Held each : held) {
            NodeStamp stamp = new NodeStamp(incarnation, each.operation(), session);
            outcomes.add(counts.submit(
                    new Command(each.key(), new Action.Acquire(holder, null, stamp), holder.value(), null, null)));
        }
        List<Reacquired> again = new ArrayList<>(held.size());
        for (int i = 0; i < held.size(); i++) {
            if (outcome(outcomes.get(i)) instanceof Outcome.Done done) {
                again.add(new Reacquired(held.get(i).key(), done));
            }
        }
        return again;
    }

    /** Ends, some time soon, what earlier lives of the node still hold. */
    public void endEarlierLives(Holder holder, long incarnation) {
        start(holder, stamp -> stamp.incarnation() < incarnation, "superseded by a later life of the node");
    }

    /** Ends, some time soon, all that this life of the node, which is over, still holds. */
    public void endLife(NodeHello hello, String reason) {
        start(new Holder(hello.node()), stamp -> stamp.incarnation() <= hello.incarnation(), reason);
    }

    /** Ends, some time soon, what lives on the session, which is over. */
    void end(NodeSession session, String reason) {
        String ended = session.hello().session();
        start(new Holder(session.hello().node()), stamp -> stamp.session().equals(ended), reason);
    }

    /** Ends, some time soon, the hold of the key unless it has moved on to another session. */
    void end(KeyName key, Holder holder, String session, String reason) {
        tasks.execute(() -> untilDecided(holder, () -> expire(key, holder, session, reason)));
    }

    private void start(Holder holder, Predicate<NodeStamp> over, String reason) {
        tasks.execute(() -> untilDecided(holder, () -> {
            for (ReferenceCounts.Read read : counts.heldBy(holder)) {
                Hold hold = read.state().holds().get(holder);
                NodeStamp stamp = hold == null ? null : hold.node();
                if (stamp != null && over.test(stamp)) {
                    expire(read.state().key(), holder, stamp.session(), reason);
                }
            }
        }));
    }

    private void expire(KeyName key, Holder holder, String session, String reason) {
        outcome(counts.submit(new Command(key, new Action.Expire(holder, session), ACTOR, reason, null)));
    }

    /** Repeats until the store has decided: each step is conditional, so that doing it twice is doing it once. */
    private void untilDecided(Holder holder, Runnable step) {
        Duration pause = FIRST_RETRY;
        try {
            while (true) {
                permits.acquire();
                try {
                    step.run();
                    return;
                } catch (StoreUnavailableException | OutcomeUnknownException e) {
                    log.atWarn()
                            .addKeyValue(LogFields.NODE, holder.value())
                            .log(
                                    "Could not end the holds of {}, trying again in {}: {}",
                                    holder,
                                    pause,
                                    e.getMessage());
                } finally {
                    permits.release();
                }
                Thread.sleep(pause);
                pause = pause.multipliedBy(2).compareTo(LAST_RETRY) < 0 ? pause.multipliedBy(2) : LAST_RETRY;
            }
        } catch (InterruptedException stopped) {
            // The pod is shutting down. Whoever sweeps next ends what is left.
            Thread.currentThread().interrupt();
        }
    }

    private static Outcome outcome(CompletableFuture<Outcome> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            @Nullable Throwable cause = e.getCause();
            if (cause instanceof StoreUnavailableException unavailable) {
                throw unavailable;
            }
            if (cause instanceof OutcomeUnknownException unknown) {
                throw unknown;
            }
            throw e;
        }
    }

    /** Gives up what is still being tried. */
    @Override
    public void close() {
        tasks.shutdownNow();
    }
}
