package dev.patchkey.client;

import dev.patchkey.client.protocol.HoldAnswer;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
            failure = givenUp(left, why, cause);
        }
        proceed();
        throw failure;
    }

    private PatchkeyException givenUp(Acquisition left, String why, Exception cause) {
        Operation current = operation != null && operation.acquire ? operation : null;
        String what = "key '" + key + "' was not acquired, " + why + ": ";
        if (current != null && current.stage == Operation.Stage.REBINDING) {
            return new RebindFailedException(what + "granted, but this node is not rebound yet", cause);
        }
        boolean sent = current != null && current.stage == Operation.Stage.SENT;
        Exception last = current == null ? null : current.lastFailure;
        String explanation = last != null ? String.valueOf(last.getMessage()) : left.inVain;
        if (sent || left.unknown || (current != null && current.unknown)) {
            return new OutcomeUnknownException(
                    what + (explanation == null || sent ? "the request was sent and not answered" : explanation),
                    cause);
        }
        return new UnavailableException(what + (explanation == null ? holds.explanation() : explanation), cause);
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
            holds.turns().run(() -> attempt(due));
        }
    }

    private @Nullable Operation due() {
        if (operation != null && operation.isBusy()) {
            return null;
        }
        Acquisition wanted = acquisition;
        if (operation != null && operation.acquire != (wanted != null)) {
            operation.cancelRetry();
            operation = null;
        }
        if (operation == null && (wanted != null || (maybeHeld && tenure == null))) {
            Operation begun = new Operation(wanted != null, holds.nextOperation());
            operation = begun;
            Duration delay = wanted == null ? Duration.ZERO : wanted.beforeNextOperation();
            if (!delay.isZero()) {
                begun.retry = holds.threads().runLater(delay, () -> retry(begun));
            }
        }
        if (operation == null || holds.standing() == null || operation.retry != null) {
            return null;
        }
        operation.stage = Operation.Stage.QUEUED;
        return operation;
    }

    /** Sends it, unless it is not wanted any more or cannot be sent now; completes when its turn is over. */
    private CompletionStage<?> attempt(Operation due) {
        Standing standing = begin(due);
        if (standing == null) {
            proceed();
            return CompletableFuture.completedFuture(null);
        }
        CompletionStage<HoldAnswer> answered;
        try {
            answered = holds.requests().send(standing, key, due.acquire, due.number);
        } catch (Throwable e) {
            // An exception comes before anything was sent, from the token's supplier most likely; an error at any time.
            failed(due, new Verdict.Failed(e instanceof Error, new IllegalStateException("not sent: " + e, e)));
            return CompletableFuture.completedFuture(null);
        }
        return answered.whenComplete((answer, failure) ->
                orFail(due, () -> answered(due, standing, Verdict.of(due.acquire, answer, failure))));
    }

    private synchronized @Nullable Standing begin(Operation due) {
        Standing standing = holds.standing();
        boolean wanted = due.acquire == (acquisition != null);
        due.stage = standing != null && wanted ? Operation.Stage.SENT : Operation.Stage.WAITING;
        due.attempts += standing != null && wanted ? 1 : 0;
        return wanted ? standing : null;
    }

    /** Whatever goes wrong, the operation does not stay busy for ever. */
    private void orFail(Operation sent, Runnable step) {
        try {
            step.run();
        } catch (Throwable e) {
            failed(sent, new Verdict.Failed(true, new IllegalStateException("a bug in the client: " + e, e)));
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
                .whenComplete((count, failure) -> orFail(sent, () -> rebound(sent, standing, done.version(), failure)));
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
            if (acquisition != null) {
                acquisition.unknown = true;
                acquisition.inVain = "granted, but the hold was over before this node was rebound";
            }
        }
        if (begun != null && decided != null) {
            decided.grant(begun);
        } else if (decided != null && failure != null) {
            decided.fail(failure);
        }
        // Otherwise the grant is void, and if somebody still waits it is asked for anew, more and more slowly.
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
            if (!sent.acquire) {
                // A later operation has been decided, so there is nothing left of what this one was to release.
                maybeHeld = false;
            } else {
                // An attempt before this one may still be on its way.
                boolean unknown = sent.unknown || sent.attempts > 1;
                maybeHeld |= unknown;
                if (acquisition != null && refusal.isSuperseded() && acquisition.isToOutdo()) {
                    // It was granted without our hearing of it and has ended since, with the lease most likely.
                    acquisition.unknown |= unknown;
                    acquisition.inVain = refusal.sentence();
                } else {
                    failed = acquisition;
                    acquisition = null;
                }
            }
        }
        if (failed != null) {
            failed.fail(new RejectedException(
                    refusal.problem(), "key '" + key + "' was not acquired: " + refusal.sentence(), null));
        }
        proceed();
    }

    /** Tries again after a while: an acquire while somebody waits for it, a release for as long as there is a session. */
    private void failed(Operation sent, Verdict.Failed failure) {
        boolean told;
        synchronized (this) {
            sent.stage = Operation.Stage.WAITING;
            sent.unknown |= failure.unknown();
            sent.lastFailure = failure.why();
            maybeHeld |= sent.acquire && failure.unknown();
            told = !sent.acquire && sent.attempts == Operation.TOLD_ATTEMPTS;
            sent.retry = holds.threads().runLater(sent.nextDelay(), () -> retry(sent));
        }
        if (told) {
            holds.log("key '" + key + "' is not released yet, after " + Operation.TOLD_ATTEMPTS
                    + " attempts, and it goes on trying: "
                    + failure.why().getMessage());
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
