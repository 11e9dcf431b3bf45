package dev.patchkey.systemtests.robustness.history;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * What everybody said of a key when all faults were healed, all callers had stopped and a bounded time had passed: the
 * longest lease and {@link #EXPIRY_DELAY}, at least, unless all is well before.
 *
 * @param key the key
 * @param byPod what each pod answered from its memory
 * @param byNode what each living node read
 * @param holders the holds that the store has, operators' and nodes'
 * @param held the holds that living callers and nodes have and were never told to have lost; what it says of the holds
 *     of callers with leases counts for nothing, since their calls say all
 */
public record Finale(
        String key, Map<String, Seen> byPod, Map<String, Seen> byNode, Set<String> holders, Set<String> held) {

    /**
     * When a lease has ended, its hold is gone within it: a member that is silent is dropped after 10 s, and the holds
     * whose time is over are looked for each second.
     */
    public static final Duration EXPIRY_DELAY = Duration.ofSeconds(15);

    /**
     * A count, and its version.
     *
     * @param fresh whether whoever shows it takes it for the present: a pod that answers and does not call it stale, a
     *     node that is ready
     */
    public record Seen(int count, Version version, boolean fresh) {}
}
