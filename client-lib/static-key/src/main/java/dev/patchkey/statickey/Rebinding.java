package dev.patchkey.statickey;

import org.jspecify.annotations.Nullable;

/**
 * The rebinding of one call site, and what is left of it when it fails. Every method but {@link #failure()} is called
 * under the key's lock.
 */
final class Rebinding {

    /**
     * How often the free target is tried at once. A site left slow is correct, so there is nothing to insist on; what
     * makes setting a target fail, exhausted memory for instance, is seldom over within microseconds, and each change of
     * the key tries again.
     */
    static final int ATTEMPTS = 3;

    private final Site site;

    /** Why the site is not known to be in its free target, or null if it is. Written under the key's lock. */
    private volatile @Nullable Throwable failure;

    Rebinding(Site site) {
        this.site = site;
    }

    Site site() {
        return site;
    }

    /** Rebinds to the slow target, also if that is the present one: an earlier attempt may have been cut short. */
    void slow() {
        site.retarget(Targets.SLOW);
    }

    /** Rebinds to the free target of a key that is or is not enabled, or leaves the site slow. Throws nothing. */
    @SuppressWarnings("CatchingUnchecked")
    void settle(boolean enabled) {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                site.retarget(Targets.free(enabled));
                failure = null;
                return;
            } catch (Throwable e) {
                failure = e;
            }
        }
    }

    /** Settles only a site that was left slow before. */
    void settleIfLeftSlow(boolean enabled) {
        if (failure != null) {
            settle(enabled);
        }
    }

    @Nullable Throwable failure() {
        return failure;
    }
}
