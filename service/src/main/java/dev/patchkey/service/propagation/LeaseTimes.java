package dev.patchkey.service.propagation;

import java.time.Duration;

/**
 * The times by which nodes are judged.
 *
 * @param lease how long after its last heartbeat a node is live
 * @param stuckAfter how long a message may be unacknowledged before its connection is dropped
 */
public record LeaseTimes(Duration lease, Duration stuckAfter) {

    /** The node has five tries to renew a lease. */
    private static final int HEARTBEATS_IN_A_LEASE = 5;

    /** How often a node must send a heartbeat, and gets one. */
    public Duration heartbeat() {
        return lease.dividedBy(HEARTBEATS_IN_A_LEASE);
    }
}
