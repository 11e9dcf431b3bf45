package dev.patchkey.systemtests.robustness.history;

/**
 * One call, with all of its retries under one {@code Idempotency-Key}.
 *
 * @param id unique in the history; the reason that the call gave, where it could give one
 * @param begin before the first attempt was sent
 * @param end after the last one was answered or given up
 * @param blind whether it was retried after an attempt of unknown fate without an {@code Idempotency-Key}, so that a no-op
 *     may be its own earlier attempt's doing
 */
public record Call(String id, Operation operation, long begin, long end, boolean blind, Answer answer) {

    public Call {
        if (end < begin) {
            throw new IllegalArgumentException("a call must not end before it begins: " + id);
        }
    }

    /** The latest time at which it took effect, if it did: one whose fate is unknown may take effect later. */
    public long latest() {
        return answer instanceof Answer.Unknown ? Long.MAX_VALUE : end;
    }
}
