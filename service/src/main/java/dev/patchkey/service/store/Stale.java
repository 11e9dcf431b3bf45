package dev.patchkey.service.store;

import java.time.Instant;

/**
 * Why, and since when, an answer may lack changes that were acknowledged before it was asked for.
 *
 * @param since everything that was acknowledged before this time is in the answer, by the pod's own clock
 * @param reason in a sentence, for people
 */
public record Stale(Instant since, String reason) {}
