package dev.patchkey.systemtests.robustness.history;

import org.jspecify.annotations.Nullable;

/**
 * One change of a key, as the service's own history has it once all is over.
 *
 * @param action {@code increment}, {@code decrement}, {@code acquire}, {@code release}, {@code expire}, {@code delete}
 * @param reason the id of the call that it is of, where a call could give one
 * @param count after it
 */
public record Row(
        String key,
        Version version,
        String action,
        @Nullable String holder,
        @Nullable String reason,
        int count) {}
