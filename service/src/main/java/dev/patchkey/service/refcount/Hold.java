package dev.patchkey.service.refcount;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A named reference. An operator's hold ends at its deadline, if it has one; a node's hold lives as long as the node's
 * session is renewed, and has no deadline of its own.
 *
 * @param holder who holds
 * @param reason why, as given at the acquire, or null
 * @param since when it was first acquired, by the store's clock
 * @param lease how long an operator's hold lasts unless renewed, or null for "until released" and for a node's hold
 * @param deadline {@code lease} after the last renewal, by the store's clock; null exactly where {@code lease} is
 * @param node the node's command that acquired or last renewed it, or null for an operator's hold
 */
public record Hold(
        Holder holder,
        @Nullable String reason,
        Instant since,
        @Nullable Duration lease,
        @Nullable Instant deadline,
        @Nullable NodeStamp node) {}
