package dev.patchkey.client.protocol;

/**
 * Where a change stands in the life of the store: revisions are ordered within one epoch, and a newer epoch comes after
 * all of an older one.
 *
 * @param epoch the life of the store
 * @param revision the number of the committed change
 */
public record Version(long epoch, long revision) implements Comparable<Version> {

    /** Before any change of any store. */
    public static final Version NONE = new Version(0, 0);

    @Override
    public int compareTo(Version other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(revision, other.revision);
    }

    public boolean isAfter(Version other) {
        return compareTo(other) > 0;
    }

    /** By how many revisions it is after the other; by all of its own if that is of an older epoch. 0 if it is not after. */
    public long revisionsAfter(Version other) {
        return !isAfter(other) ? 0 : epoch == other.epoch ? revision - other.revision : revision;
    }
}
