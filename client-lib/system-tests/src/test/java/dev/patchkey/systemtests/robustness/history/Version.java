package dev.patchkey.systemtests.robustness.history;

/** (epoch, revision), ordered by epoch first. */
public record Version(long epoch, long revision) implements Comparable<Version> {

    /** Before every change. */
    public static final Version NONE = new Version(0, 0);

    @Override
    public int compareTo(Version other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(revision, other.revision);
    }

    @Override
    public String toString() {
        return epoch + "/" + revision;
    }
}
