package dev.patchkey.statickey.mirror;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The hand that sets mirrored keys: it applies authoritative (count, version) pairs to the static keys of this load of
 * the library.
 *
 * <p>A version is (epoch, revision), ordered by epoch first. A node never applies an older version over a newer one. Of
 * one version there is one count.
 *
 * <p>Names need not be those of keys that exist: a pair for a name that nobody has asked for yet is kept, and a key made
 * later starts with it, whatever the two threads' timing. A name becomes mirrored by the first {@link #apply}, and stays
 * so when the mirror is closed.
 *
 * <p>Safe for use by all threads. Calls for different keys do not wait for each other. Every method but
 * {@link #apply}, {@link #stale} and {@link #attach()} may be called by a key's preparation.
 */
public interface Mirror extends AutoCloseable {

    /**
     * The mirror of this load of the library. At most one is attached at a time.
     *
     * @throws IllegalStateException if one is attached and not closed
     */
    static Mirror attach() {
        return MirrorAccess.installed().attach();
    }

    /**
     * Refuses an operation to a preparation, for what else changes a key, by acquiring it for instance.
     *
     * @param operation what is refused, as in "acquire key"
     * @param key the key that it is about
     * @throws IllegalStateException if called by an action given to a key's {@code beforeEnable}
     */
    static void refuseInsidePreparation(String operation, String key) {
        MirrorAccess.installed().refuseInsidePreparation(operation, key);
    }

    /**
     * Applies the pair if it is newer than the key's own, and lifts staleness if it is the same or newer.
     *
     * <p>Returns only once no rebind of the key is in progress and this node is rebound at or past the version: also
     * when the pair is not newer, since the rebind in progress may be the one that the caller asks about. May therefore
     * wait for a safepoint, and for the key's preparations. Between counts above 0, and between equal ones, rebinds
     * nothing.
     *
     * <p>Linearization point: the publication of the count, with its version, between the two rebinds of an edge.
     *
     * @param key its name
     * @param count 0 or more
     * @return true if the pair was newer than the key's own; false if the key was already at or past it, even if
     *     staleness was lifted
     * @throws RebindException if a rebind failed or a preparation threw. The key is correct: either as before the call,
     *     or already at the version with its tests slow. Call again to retry
     * @throws IllegalArgumentException if the name is none or the count is negative; nothing has changed
     * @throws IllegalStateException if the key is local, if the mirror is closed, or if called by a preparation;
     *     nothing has changed
     */
    boolean apply(String key, int count, long epoch, long revision);

    /**
     * Makes the key read as disabled, whatever its count: an overlay that leaves count and version alone and is lifted
     * by an {@link #apply} of the same version or a newer one.
     *
     * <p>Returns as {@code apply} does. A no-op for a key that is stale already, but for the wait, and for a name that
     * has no version.
     *
     * @throws RebindException as {@code apply}
     * @throws IllegalArgumentException if the name is none
     * @throws IllegalStateException if the key is local, if the mirror is closed, or if called by a preparation;
     *     nothing has changed
     */
    void stale(String key);

    /**
     * What is mirrored of the key: consistent with its tests, and never waiting for a rebind. Null if no version was
     * ever applied to the name.
     *
     * @throws IllegalArgumentException if the name is none
     */
    @Nullable MirroredState state(String key);

    /**
     * Whether the key is local: counted in this JVM, by {@code enable()}, or told to defer its disable, so that
     * {@link #apply} is refused.
     *
     * @throws IllegalArgumentException if the name is none
     */
    boolean isLocal(String key);

    /** The names that have a version; a copy. */
    Set<String> known();

    /**
     * The keys that exist and are not local, with the number of their call sites: 1 for the key's own tests, and 1 for
     * each static call made of it; a copy.
     */
    Map<String, Integer> declared();

    /**
     * What {@link #declared()} says of the key; 0 if it is not in there. Costs a look at the registry.
     *
     * @throws IllegalArgumentException if the name is none
     */
    int callSites(String key);

    /** Detaches. Keys keep their state, and stay mirrored. Closing twice is a no-op. */
    @Override
    void close();
}
