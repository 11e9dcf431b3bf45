package dev.patchkey.service.web;

import dev.patchkey.service.propagation.Barrier;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ?await=applied&timeout=} asks for.
 *
 * @param timeout how long to wait until the change is applied everywhere
 */
record Await(Duration timeout) {

    /** Long enough for every healthy fleet, and short of the time-outs of common proxies. */
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /**
     * @param await the parameter {@code await}, or null
     * @param timeout the parameter {@code timeout}, or null
     * @return null if nothing is to be awaited
     * @throws ProblemException if either breaks its rule
     */
    static @Nullable Await parse(@Nullable String await, @Nullable String timeout) {
        if (await == null) {
            if (timeout != null) {
                throw ProblemException.invalid("timeout", "given with await=applied only");
            }
            return null;
        }
        if (!await.equals("applied")) {
            throw ProblemException.invalid("await", "applied");
        }
        return new Await(timeout == null ? DEFAULT_TIMEOUT : Checks.timeout(timeout, Barrier.LONGEST_WAIT));
    }
}
