package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.RequestId;
import java.time.Duration;
import java.time.Instant;

/**
 * A request that was decided, kept so that a retry gets the same answer.
 *
 * @param hash of all that it asked for
 * @param outcome what it was told
 * @param at when it was decided, by the store's clock
 */
public record Remembered(String hash, Outcome outcome, Instant at) {

    /** How long a request is remembered. A caller that retries later than this may have its command done twice. */
    public static final Duration KEPT = Duration.ofMinutes(10);

    /** The answer to a request of the same caller and key. */
    public Outcome replay(RequestId request) {
        return hash.equals(request.hash())
                ? outcome
                : new Outcome.Refused(
                        Refusal.REQUEST_REUSED,
                        "Idempotency-Key must be new for each request: " + request.key()
                                + " was used for another one in the last " + KEPT.toMinutes() + " minutes");
    }
}
