package dev.patchkey.service.refcount;

/**
 * Where a change stands in the life of the store: revisions are ordered within one epoch, and a newer epoch comes after
 * all of an older one.
 *
 * @param epoch the life of the store; positive
 * @param revision the number of the committed change; 0 for "before any change"
 */
public record Version(long epoch, long revision) implements Comparable<Version> {

    @Override
    public int compareTo(Version other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(revision, other.revision);
    }

    public boolean isAtLeast(Version other) {
        return compareTo(other) >= 0;
    }
}
