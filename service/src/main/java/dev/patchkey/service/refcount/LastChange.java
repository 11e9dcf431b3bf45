package dev.patchkey.service.refcount;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * By whom, when and why a key was last changed.
 *
 * @param actor who
 * @param at when, by the store's clock
 * @param reason why, or null
 */
public record LastChange(String actor, Instant at, @Nullable String reason) {}
