package dev.patchkey.service.propagation;

import java.time.Duration;
import java.util.function.LongSupplier;

/*
 * Why a node that a pod has let in is never live for longer than the others reckon with, by clocks that run at one rate:
 *
 *   node   sends a heartbeat at a                       its lease, by its own clock, ends at a + L
 *   pod    has received it; at c >= a it finds its own lease standing, and only then confirms the heartbeat
 *   pod    its lease stands until s + P, s being when it has sent its newest renewal that was written
 *   asker  has first seen that renewal at o >= s, and no newer one since: the pod is over at o + P + L
 *
 * So a + L <= c + L < s + P + L <= o + P + L. What happens to the pod between the look at c and the writing of the
 * confirmation, a pause of an hour say, makes no difference: the node counts from a. A welcome is the same with the hello
 * in the place of the heartbeat.
 *
 * Clocks do not quite run at one rate, so the pod takes a tenth of P off, as the node does with L.
 */
/**
 * For how long this pod may renew the leases of its nodes. It ends by itself, by the pod's monotonic clock, unless the
 * store confirms that it was renewed. Thread-safe; no method waits.
 */
public final class PodLease {

    /** The part of it that is not used, for clocks that run at different rates. */
    private static final int MARGIN = 10;

    private final Duration length;
    private final LongSupplier nanoClock;

    /** By the monotonic clock. */
    private volatile long end;

    /**
     * Makes one that has ended.
     *
     * @param length how long the other pods reckon with, from when they have seen a renewal
     */
    public PodLease(Duration length, LongSupplier nanoClock) {
        this.length = length;
        this.nanoClock = nanoClock;
        this.end = nanoClock.getAsLong();
    }

    Duration length() {
        return length;
    }

    /** Whether a node's heartbeat, or its hello, that <em>has arrived before this call</em> may be confirmed. */
    public boolean stands() {
        return end - nanoClock.getAsLong() > 0;
    }

    /** What is left of it; zero once it has ended. */
    Duration rest() {
        return Duration.ofNanos(Math.max(0, end - nanoClock.getAsLong()));
    }

    /** A renewal was written that was sent at this time, by the monotonic clock. */
    void renewed(long sentAt) {
        end = sentAt + length.minus(length.dividedBy(MARGIN)).toNanos();
    }

    void end() {
        end = nanoClock.getAsLong();
    }
}
