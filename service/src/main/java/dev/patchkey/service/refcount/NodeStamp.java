package dev.patchkey.service.refcount;

/**
 * Which life of a node, and which of its operations, a hold command comes from. Commands of one node on one key are
 * ordered by {@code (incarnation, operation)}: an older one than the last that was decided is refused, so that a late
 * acquire cannot revive what a release has ended.
 *
 * @param incarnation the number that the service gave to this life of the node's JVM; positive, greater for a later life
 * @param operation the node's own count of its hold commands in this life; positive
 * @param session the connection on whose renewals the hold lives; expiry is conditional on it
 */
public record NodeStamp(long incarnation, long operation, String session) {

    /** Whether this command comes before the other in the order of the node's commands. */
    public boolean isOlderThan(NodeStamp other) {
        return incarnation != other.incarnation ? incarnation < other.incarnation : operation < other.operation;
    }
}
