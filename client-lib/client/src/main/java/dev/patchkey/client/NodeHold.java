package dev.patchkey.client;

import dev.patchkey.client.protocol.HoldAnswer;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The node's one hold on one key, shared by all who hold it in this JVM. Safe for use by several threads. */
final class NodeHold {
    /*
     * What is wanted and what the service is known to have are kept apart, and one operation at a time leads from the one
     * to the other:
     *
     *   state       tenure   acquisition   operation
     *   NONE        -        -             -
     *   ACQUIRING   -        waiters > 0   acquire
     *   HELD        n > 0    -             -
     *   LINGERING   n = 0    -             -              until the timer or the next acquire
     *   RELEASING   -        -             release        an acquire that comes now waits for its answer, then acquires
     *
     * An operation that was sent may have been applied until it is answered; maybeHeld remembers that there may be
     * something to release. As the service refuses an operation that is older than the last one it has decided, a late
     * duplicate of an acquire cannot revive what a release has ended.
     *
     * A grant counts only if it was given to the newest session, or to one that is over and whose successor has not said
     * hello: the service ends what was acquired in the name of an older one, and the hello names what to acquire again.
     * So Holds.held() first declares the old standing void and then reads the tenures, each under the lock under which a
     * grant is turned into a tenure: a grant is in the hello, or is void.
     *
     * Example. Two threads acquire: the first joins a new acquisition, and its operation 7 is sent; the second joins the
     * same. The answer says revision 40; the rebinder applies it, or has done so already because the stream was faster;
     * then the tenure begins with two references and both return. Both close: the second to do so finds the last
     * reference, and operation 8 releases.
     */

    private final String key;
    private final Holds holds;

    /** The generation that stands; null in NONE, ACQUIRING and RELEASING. Written under the lock, read without. */
    private volatile @Nullable Tenure tenure;

    // Guarded by this; nothing that waits, and no foreign code, runs under it.
    private @Nullable Acquisition acquisition;
    private @Nullable Operation operation;
    private boolean maybeHeld;
    private @Nullable ScheduledFuture<?> lingering;

    NodeHold(String key, Holds holds) {
        this.key = key;
        this.holds = holds;
    }

    @Nullable Tenure tenure() {
        return tenure;
    }

    boolean leaseIsLive() {
        return holds.leaseIsLive();
    }

    // Acquiring

    Hold acquireSlow(StaticKey acquired, Duration timeout) {
        Acquisition joined;
        synchronized (this) {
            Tenure standing = reusable(acquired);
            if (standing != null) {
                return new Share(this, standing);
            }
            if (acquisition == null) {
                holds.requireRoom();
                acquisition = new Acquisition(acquired);
            }
            joined = acquisition;
            joined.waiters++;
        }
        proceed();
        return new Share(this, await(joined, timeout));
    }

    /** The standing generation with one more reference, or a successor of one that lingers; null if it has to be acquired. */
    private @Nullable Tenure reusable(StaticKey acquired) {
        Tenure standing = tenure;
        if (standing == null) {
            return null;
        }
        if (!acquired.isEnabled()) {
            // A version after the grant has count 0: the service has ended the hold.
            lose();
            return null;
        }
        if (!standing.retain()) {
            cancelLinger();
            standing = new Tenure(acquired, 1, standing.operation(), standing.version());
            tenure = standing;
        }
        return standing;
    }

    private Tenure await(Acquisition joined, Duration timeout) {
        try {
            return joined.granted.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw forWaiter(e.getCause());
        } catch (TimeoutException e) {
            return leave(joined, "not within " + timeout, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return leave(joined, "interrupted", e);
        }
    }

    private static RuntimeException forWaiter(@Nullable Throwable cause) {
        return cause instanceof PatchkeyException failure
                ? failure.forWaiter()
                : new IllegalStateException("a bug in the client", cause);
    }

    /** One waiter gives up, and with the last one the acquisition ends; but if it was decided meanwhile, that holds. */
    private Tenure leave(Acquisition joined, String why, Exception cause) {
        PatchkeyException failure;
        synchronized (this) {
            if (acquisition == joined) {
                joined.waiters--;
                acquisition = joined.waiters == 0 ? null : joined;
                failure = givenUp(why, cause);
            } else {
                failure = null;
            }
        }
        if (failure == null) {
            try {
                return joined.granted.join();
            } catch (CompletionException e) {
                throw forWaiter(e.getCause());
            }
        }
        proceed();
        throw failure;
    }

    private PatchkeyException givenUp(String why, Exception cause) {
        Operation current = operation;
        String what = "key '" + key + "' was not acquired, " + why + ": ";
        if (current == null || !current.acquire) {
            return new UnavailableException(what + holds.explanation(), cause);
        }
        if (current.stage == Operation.Stage.REBINDING) {
            return new RebindFailedException(what + "granted, but this node is not rebound yet", cause);
        }
        if (current.unknown || current.stage == Operation.Stage.SENT) {
            return new OutcomeUnknownException(what + "the request was sent and not answered", cause);
        }
        Exception last = current.lastFailure;
        return new UnavailableException(what + (last == null ? holds.explanation() : last.getMessage()), cause);
    }

    // Releasing

    /** The last reference of a generation has been closed. */
    void lastClosed(Tenure ended) {
        synchronized (this) {
            if (tenure != ended) {
                return;
            }
            if (holds.linger().isZero()) {
                end();
            } else {
                lingering = holds.threads().runLater(holds.linger(), () -> lingered(ended));
            }
        }
        proceed();
    }

    private void lingered(Tenure ended) {
        synchronized (this) {
            if (tenure != ended) {
                return;
            }
            end();
        }
        proceed();
    }

    private void end() {
        cancelLinger();
        tenure = null;
        maybeHeld = true;
    }

    private void cancelLinger() {
        if (lingering != null) {
            lingering.cancel(false);
            lingering = null;
        }
    }

    // What happens to the node

    /** The lease is over: what was held is lost, and whoever waits goes on waiting. */
    synchronized void lose() {
        Tenure standing = tenure;
        if (standing != null) {
            standing.lose();
            end();
        }
    }

    /** This node has applied a state of the key. */
    void applied(Version version, int count) {
        synchronized (this) {
            Tenure standing = tenure;
            if (count > 0 || standing == null || !version.isAfter(standing.version())) {
                return;
            }
            lose();
        }
        proceed();
    }

    /** A session begins, whose hello named some operations' holds, of which the pod acquired some again. */
    void welcomed(@Nullable Long named, Set<String> again) {
        synchronized (this) {
            Tenure standing = tenure;
            if (standing != null && named != null && named == standing.operation() && !again.contains(key)) {
                lose();
            }
            if (operation != null) {
                operation.resume();
            }
        }
        proceed();
    }

    /** It will never be acquired again. */
    void refuse(PatchkeyException failure) {
        Acquisition failed;
        synchronized (this) {
            failed = acquisition;
            acquisition = null;
            if (operation != null) {
                operation.cancelRetry();
            }
            lose();
        }
        if (failed != null) {
            failed.granted.completeExceptionally(failure);
        }
    }

    // Operations

    /** Does what the state calls for, unless something is under way that will. */
    private void proceed() {
        Operation due;
        synchronized (this) {
            due = due();
        }
        if (due != null) {
            holds.threads().run(() -> attempt(due));
        }
    }

    private @Nullable Operation due() {
        if (operation != null && operation.isBusy()) {
            return null;
        }
        boolean wanted = acquisition != null;
        if (operation != null && operation.acquire != wanted) {
            operation.cancelRetry();
            operation = null;
        }
        if (operation == null && (wanted || (maybeHeld && tenure == null))) {
            operation = new Operation(wanted, holds.nextOperation());
        }
        Standing standing = holds.standing();
        if (operation == null
                || standing == null
                || operation.retry != null
                || operation.stage == Operation.Stage.PARKED) {
            return null;
        }
        operation.stage = Operation.Stage.SENT;
        operation.standing = standing;
        operation.attempts++;
        return operation;
    }

    private void attempt(Operation sent) {
        Standing standing = Objects.requireNonNull(sent.standing);
        try {
            holds.requests()
                    .send(standing, key, sent.acquire, sent.number)
                    .whenComplete((answer, failure) -> answered(sent, standing, answer, failure));
        } catch (RuntimeException e) {
            // Before anything was sent: the token's supplier, most likely.
            failed(sent, false, e);
        }
    }

    private void answered(Operation sent, Standing standing, @Nullable HoldAnswer answer, @Nullable Throwable failure) {
        if (answer instanceof HoldAnswer.Done done) {
            if (sent.acquire) {
                granted(sent, standing, done);
            } else {
                released(standing, done);
            }
        } else if (answer instanceof HoldAnswer.Problem problem) {
            String sentence =
                    "the service answered " + problem.status() + " " + problem.problem() + ": " + problem.detail();
            if (problem.status() == 503 || problem.status() == 429) {
                failed(sent, false, new IllegalStateException(sentence));
            } else if (problem.status() >= 500) {
                failed(sent, true, new IllegalStateException(sentence));
            } else {
                refused(sent, problem.problem(), sentence);
            }
        } else {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            boolean unsent = cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
            failed(sent, !unsent, new IllegalStateException("the request failed: " + cause, cause));
        }
    }

    private void granted(Operation sent, Standing standing, HoldAnswer.Done done) {
        synchronized (this) {
            sent.stage = Operation.Stage.REBINDING;
            maybeHeld = true;
        }
        holds.backlog()
                .bring(key, done.count(), done.version(), standing.term())
                .whenComplete((count, failure) -> rebound(sent, standing, done.version(), failure));
    }

    private void rebound(Operation sent, Standing standing, Version version, @Nullable Throwable failure) {
        Acquisition decided = null;
        Tenure begun = null;
        synchronized (this) {
            operation = null;
            if (acquisition != null && failure instanceof RebindFailedException) {
                decided = acquisition;
            } else if (acquisition != null && failure == null && holds.isValid(standing) && holds.readsEnabled(key)) {
                decided = acquisition;
                begun = new Tenure(decided.key, decided.waiters, sent.number, version);
                tenure = begun;
            }
            acquisition = decided == null ? acquisition : null;
        }
        if (begun != null && decided != null) {
            decided.granted.complete(begun);
        } else if (decided != null && failure != null) {
            decided.granted.completeExceptionally(failure);
        }
        // Otherwise the grant is void, and if somebody still waits it is asked for anew.
        proceed();
    }

    private void released(Standing standing, HoldAnswer.Done done) {
        synchronized (this) {
            maybeHeld = false;
            operation = null;
        }
        // Nobody waits for it: the stream brings it too, and a failed rebind is reported by the rebinder.
        holds.backlog().bring(key, done.count(), done.version(), standing.term());
        proceed();
    }

    private void refused(Operation sent, String problem, String sentence) {
        Acquisition failed = null;
        synchronized (this) {
            operation = null;
            if (sent.acquire) {
                maybeHeld |= sent.attempts > 1;
                failed = acquisition;
                acquisition = null;
            } else {
                maybeHeld = false;
            }
        }
        if (failed != null) {
            failed.granted.completeExceptionally(
                    new RejectedException(problem, "key '" + key + "' was not acquired: " + sentence, null));
        } else {
            holds.log("the release of key '" + key + "' was refused, so the lease will end it: " + sentence);
        }
        proceed();
    }

    /** An attempt has failed; tries again if that is worth it. */
    private void failed(Operation sent, boolean unknown, RuntimeException failure) {
        Acquisition givenUp = null;
        PatchkeyException exception = null;
        synchronized (this) {
            sent.stage = Operation.Stage.WAITING;
            sent.unknown |= unknown;
            sent.lastFailure = failure;
            maybeHeld |= sent.acquire && unknown;
            boolean wanted = acquisition != null;
            if (sent.attempts < Operation.MOST_ATTEMPTS) {
                sent.retry =
                        sent.acquire == wanted ? holds.threads().runLater(sent.nextDelay(), () -> retry(sent)) : null;
            } else if (sent.acquire) {
                givenUp = acquisition;
                exception = givenUp("after " + sent.attempts + " attempts", failure);
                acquisition = null;
                operation = null;
            } else {
                sent.stage = Operation.Stage.PARKED;
            }
        }
        if (givenUp != null && exception != null) {
            givenUp.granted.completeExceptionally(exception);
        }
        proceed();
    }

    private void retry(Operation sent) {
        synchronized (this) {
            sent.retry = null;
        }
        proceed();
    }
}
