package dev.patchkey.systemtests.robustness.history;

import java.util.Map;
import java.util.Set;

/**
 * What everybody said of a key when all faults were healed, all callers had stopped and a bounded time had passed.
 *
 * @param key the key
 * @param byPod what each pod answered from its memory
 * @param byNode what each living node read
 * @param holders the holds that the store has, operators' and nodes'
 * @param held the holds that living callers and nodes have and were never told to have lost
 */
public record Finale(
        String key, Map<String, Seen> byPod, Map<String, Seen> byNode, Set<String> holders, Set<String> held) {

    /** A count, and its version. */
    public record Seen(int count, Version version) {}
}
