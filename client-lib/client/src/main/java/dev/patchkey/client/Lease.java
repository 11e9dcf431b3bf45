package dev.patchkey.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * The node's lease, by the node's own monotonic clock. It is counted from the <em>sending</em> of the newest renewal that
 * a pod has confirmed, and ends a tenth early; the pod counts from the arrival, so the node always gives up first.
 *
 * <p>Written by the channel's thread alone; read by any.
 */
final class Lease {

    /** How much earlier than the service the node gives up: one part in this many. */
    private static final int MARGIN = 10;

    /** Renewals under way; a pod that confirms none of so many is not alive, and the oldest is forgotten. */
    private static final int MOST_UNCONFIRMED = 64;

    private record Renewal(long seq, long sentNanos) {}

    private final LongSupplier nanoTime;
    private final ArrayDeque<Renewal> unconfirmed = new ArrayDeque<>();
    private long usableNanos;

    /** When it ends; meaningless while not begun. Written by the channel's thread. */
    private volatile long endNanos;

    /** Whether it stands as far as anyone has seen: false before the first welcome and after {@link #lose}. */
    private volatile boolean standing;

    /** Grows whenever the lease is lost, so that an answer to a question of an earlier term can be told. */
    private volatile long term;

    Lease(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** A pod has granted it in answer to a hello that was sent then. */
    void begin(long helloSentNanos, Duration length) {
        unconfirmed.clear();
        usableNanos = length.toNanos() - length.toNanos() / MARGIN;
        // Not the later of this and the old end: this pod may grant a shorter lease than the one before it.
        endNanos = helloSentNanos + usableNanos;
        standing = true;
    }

    void sent(long seq, long sentNanos) {
        if (unconfirmed.size() == MOST_UNCONFIRMED) {
            unconfirmed.removeFirst();
        }
        unconfirmed.addLast(new Renewal(seq, sentNanos));
    }

    /**
     * A pod has got all renewals of this session up to this one. A lease that is over stays over, however late it is
     * noticed: somebody may have seen it end, and what is over must not be live again.
     */
    void confirmed(long seq) {
        if (!isLive()) {
            return;
        }
        while (!unconfirmed.isEmpty() && unconfirmed.getFirst().seq <= seq) {
            endNanos = unconfirmed.removeFirst().sentNanos + usableNanos;
        }
    }

    boolean isStanding() {
        return standing;
    }

    /** Whether holds may be relied on now: reads the clock. */
    boolean isLive() {
        return standing && remainingNanos() > 0;
    }

    /** What is left of it, in nanoseconds; not positive once it is over. */
    long remainingNanos() {
        return endNanos - nanoTime.getAsLong();
    }

    long term() {
        return term;
    }

    /** It is over, seen or decided. */
    void lose() {
        standing = false;
        long next = term + 1;
        term = next;
    }
}
