package dev.patchkey.client;

import dev.patchkey.client.protocol.HoldAnswer;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
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

    /** The newest version with count 0 that this node has applied or is applying: a grant before it is over. */
    private Version disabled = Version.NONE;

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
        return new Share(this, joined.await(timeout, this::leave));
    }

    /** The standing generation with one more reference, or a successor of one that lingers; null if it has to be acquired. */
    private @Nullable Tenure reusable(StaticKey acquired) {
        Tenure standing = tenure;
        if (standing == null) {
            return null;
        }
        if (!holds.leaseIsLive() || !acquired.isEnabled()) {
            // The channel's thread may not have come to it yet, after a pause for instance.
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

    /** One waiter gives up, and with the last one the acquisition ends. */
    private void leave(Acquisition left, String why, Exception cause) {
        PatchkeyException failure;
        synchronized (this) {
            if (acquisition != left) {
                return;
            }
            left.waiters--;
            acquisition = left.waiters == 0 ? null : left;
            failure = givenUp(why, cause);
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

    /**
     * This node is about to read the key as disabled. A version after the grant has count 0, so the service has ended the
     * hold; or the node is stale, which it is only after its lease.
     */
    void disabling(Version version, boolean stale) {
        synchronized (this) {
            Tenure standing = tenure;
            if (!stale && version.isAfter(disabled)) {
                // A grant whose answer is being looked at just now must not begin a generation after this.
                disabled = version;
            }
            if (standing == null || (!stale && !version.isAfter(standing.version()))) {
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
            failed.fail(failure);
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
        if (operation == null || standing == null || operation.retry != null) {
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
                    .whenComplete(
                            (answer, failure) -> answered(sent, standing, Verdict.of(sent.acquire, answer, failure)));
        } catch (RuntimeException e) {
            // Before anything was sent: the token's supplier, most likely.
            failed(sent, new Verdict.Failed(false, e));
        }
    }

    private void answered(Operation sent, Standing standing, Verdict verdict) {
        if (verdict instanceof Verdict.Failed failed) {
            failed(sent, failed);
        } else if (verdict instanceof Verdict.Refused refused) {
            refused(sent, refused);
        } else if (verdict instanceof Verdict.Done done && sent.acquire) {
            granted(sent, standing, done.answer());
        } else if (verdict instanceof Verdict.Done done) {
            released(standing, done.answer());
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
            } else if (acquisition != null && failure == null && isGood(standing, version)) {
                decided = acquisition;
                begun = new Tenure(decided.key, decided.waiters, sent.number, version);
                tenure = begun;
            }
            acquisition = decided == null ? acquisition : null;
        }
        if (begun != null && decided != null) {
            decided.grant(begun);
        } else if (decided != null && failure != null) {
            decided.fail(failure);
        }
        // Otherwise the grant is void, and if somebody still waits it is asked for anew.
        proceed();
    }

    private boolean isGood(Standing granting, Version version) {
        return holds.isValid(granting) && holds.leaseIsLive() && !disabled.isAfter(version) && holds.readsEnabled(key);
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

    private void refused(Operation sent, Verdict.Refused refusal) {
        Acquisition failed = null;
        synchronized (this) {
            operation = null;
            if (sent.acquire) {
                // An attempt before this one may still be on its way.
                maybeHeld |= sent.attempts > 1;
                failed = acquisition;
                acquisition = null;
            } else {
                maybeHeld = false;
            }
        }
        String sentence = refusal.sentence();
        if (failed != null) {
            failed.fail(
                    new RejectedException(refusal.problem(), "key '" + key + "' was not acquired: " + sentence, null));
        } else if (!sent.acquire) {
            holds.log(
                    "the release of key '" + key + "' was refused, so only the end of the lease ends it: " + sentence);
        }
        proceed();
    }

    /** Tries again after a while; but an acquire not for ever, since threads wait for it. */
    private void failed(Operation sent, Verdict.Failed failure) {
        Acquisition givenUp = null;
        PatchkeyException exception = null;
        synchronized (this) {
            sent.stage = Operation.Stage.WAITING;
            sent.unknown |= failure.unknown();
            sent.lastFailure = failure.why();
            maybeHeld |= sent.acquire && failure.unknown();
            if (sent.acquire && sent.attempts >= Operation.MOST_ATTEMPTS) {
                givenUp = acquisition;
                exception = givenUp("after " + sent.attempts + " attempts", failure.why());
                acquisition = null;
                operation = null;
            } else {
                sent.retry = holds.threads().runLater(sent.nextDelay(), () -> retry(sent));
            }
        }
        if (givenUp != null && exception != null) {
            givenUp.fail(exception);
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
