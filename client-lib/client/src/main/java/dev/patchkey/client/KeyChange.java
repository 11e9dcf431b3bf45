package dev.patchkey.client;

/**
 * A change that this node has applied: each test of the key that begins after it is told of reflects it, or a later one.
 *
 * @param key the key's name
 * @param count the reference count
 * @param epoch of the version that made it so
 * @param revision of the version that made it so
 * @param stale whether the key reads as disabled, whatever the count, because the node is stale
 */
public record KeyChange(String key, int count, long epoch, long revision, boolean stale) {

    /** Whether the key reads as enabled. */
    public boolean enabled() {
        return count > 0 && !stale;
    }
}
