package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.time.Duration;

/** Answers whether a change is applied everywhere. Memoryless: each answer is of the time at which it is given. */
public interface Barrier {

    /** The longest that a caller may wait. */
    Duration LONGEST_WAIT = Duration.ofMinutes(5);

    /**
     * Waits until every live pod's view and every live node have reached the version of the key, at most for the
     * timeout; blocks, so call it from a virtual thread.
     *
     * @param key which key
     * @param version what they must have reached
     * @param timeout how long to wait; zero asks for the answer of this moment
     * @return what was true at the time of the return; never throws for a pod or a node that is away, but names it
     */
    Propagation await(KeyName key, Version version, Duration timeout);
}
