package dev.patchkey.service.refcount;

import org.jspecify.annotations.Nullable;

/**
 * One thing that somebody asks of one key.
 *
 * @param key which key
 * @param action what to do
 * @param actor who asks, for the audit
 * @param reason why, in free text without control characters, or null
 * @param request for a retry to be recognised by, or null
 * @param trace the id of the trace that it is part of, for the history, or null
 */
public record Command(
        KeyName key,
        Action action,
        String actor,
        @Nullable String reason,
        @Nullable RequestId request,
        @Nullable String trace) {

    /** A command that is part of no trace. */
    public Command(KeyName key, Action action, String actor, @Nullable String reason, @Nullable RequestId request) {
        this(key, action, actor, reason, request, null);
    }
}
