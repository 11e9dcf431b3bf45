package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.propagation.Barrier;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.ForbiddenException;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.StoreUnavailableException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Has a change decided, waits for it to be applied where the caller asks for that, and answers. */
@Component
class Changes {

    /** How long a caller waits for the store, far above what a commit takes; past it the outcome is unknown. */
    private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(30);

    private final ReferenceCounts counts;
    private final Barrier barrier;
    private final Traces traces;

    Changes(ReferenceCounts counts, Barrier barrier, Traces traces) {
        this.counts = counts;
        this.barrier = barrier;
        this.traces = traces;
    }

    /**
     * @param idempotencyKey the header, or null
     * @param await what to wait for, or null
     * @throws ForbiddenException if the caller may not change the key
     */
    ResponseEntity<Answers.Change> change(
            Caller caller,
            KeyName key,
            Action action,
            @Nullable String reason,
            @Nullable String idempotencyKey,
            @Nullable Await await) {
        caller.requireToChange(key);
        String actor = caller.name();
        RequestId request = idempotencyKey == null
                ? null
                : new RequestId(actor, Checks.idempotencyKey(idempotencyKey), hash(key, action, reason));
        Outcome outcome = decide(new Command(key, action, actor, reason, request, traces.current()));
        return switch (outcome) {
            case Outcome.Done done -> answer(key, done, await);
            case Outcome.Refused refused ->
                throw ProblemException.of(ProblemType.of(refused.refusal()), refused.detail());
        };
    }

    private Outcome decide(Command command) {
        try {
            return counts.submit(command).get(COMMIT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new OutcomeUnknownException("the store did not answer within " + COMMIT_TIMEOUT, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutcomeUnknownException("the wait for the store was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreUnavailableException unavailable) {
                throw unavailable;
            }
            throw new OutcomeUnknownException("the store failed", e);
        }
    }

    private ResponseEntity<Answers.Change> answer(KeyName key, Outcome.Done done, @Nullable Await await) {
        if (await == null) {
            return ResponseEntity.ok(Answers.Change.of(key, done, null));
        }
        Propagation propagation = barrier.await(key, done.version(), await.timeout());
        Answers.Change body = Answers.Change.of(key, done, propagation);
        if (propagation.applied()) {
            return ResponseEntity.ok(body);
        }
        URI later = URI.create("/v1/keys/%s?await=applied&revision=%d"
                .formatted(key, done.version().revision()));
        return ResponseEntity.status(HttpStatus.ACCEPTED).location(later).body(body);
    }

    /** Of all that the request asks for but how to wait for it: a retry may wait longer. */
    private static String hash(KeyName key, Action action, @Nullable String reason) {
        String canonical = "%s\n%s\n%s".formatted(key, canonical(action), reason == null ? "-" : "=" + reason);
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Without what a node's retry may change: the session it is sent in. */
    private static String canonical(Action action) {
        return switch (action) {
            case Action.Increment increment -> "increment " + increment.by();
            case Action.Decrement decrement -> "decrement " + decrement.by();
            case Action.Acquire acquire -> "acquire " + acquire.holder() + " " + acquire.lease();
            case Action.Release release -> "release " + release.holder();
            case Action.Expire expire -> "expire " + expire.holder();
            case Action.Delete delete -> "delete";
        };
    }
}
