package dev.patchkey.statickey.mirror;

/**
 * What a node mirrors of a key.
 *
 * @param count the count of that version, whether stale or not; never negative
 * @param epoch the first half of the version
 * @param revision the second half of the version
 * @param stale whether the key reads as disabled whatever the count is
 */
public record MirroredState(int count, long epoch, long revision, boolean stale) {

    /**
     * The state that has just been applied.
     *
     * @throws IllegalArgumentException if the count is negative
     */
    public static MirroredState applied(int count, long epoch, long revision) {
        return new MirroredState(count, epoch, revision, false);
    }

    /** @throws IllegalArgumentException if the count is negative */
    public MirroredState {
        if (count < 0) {
            throw new IllegalArgumentException("count must not be negative, but was " + count);
        }
    }

    /** The count that the key reads: 0 if stale. */
    public int effectiveCount() {
        return stale ? 0 : count;
    }

    /** The same state, stale or not. */
    public MirroredState withStale(boolean newStale) {
        return stale == newStale ? this : new MirroredState(count, epoch, revision, newStale);
    }

    /** Negative, zero or positive as this state's version is older than, the same as or newer than the other's. */
    public int compareVersion(MirroredState other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(revision, other.revision);
    }
}
