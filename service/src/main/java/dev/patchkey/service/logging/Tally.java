package dev.patchkey.service.logging;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * What may happen any number of times, and of which the log tells once in a while, with how often: neither who is refused on
 * purpose nor a store that is away fills it. The first time is told at once. Safe for use by several threads.
 */
public final class Tally {

    /** The least time between two lines. */
    public static final Duration BETWEEN_LINES = Duration.ofMinutes(1);

    private final LongSupplier nanoTime;

    /** How many no line of the log has told of. */
    private final AtomicLong unsaid = new AtomicLong();

    /** When the next line may be written, by the monotonic clock. */
    private final AtomicLong nextLine;

    /** @param nanoTime the monotonic clock */
    public Tally(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.nextLine = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * Counts one.
     *
     * @param line writes the line, if one may be written now; is given how many there were since the last one, this
     *     included
     */
    public void count(LongConsumer line) {
        unsaid.incrementAndGet();
        long now = nanoTime.getAsLong();
        long next = nextLine.get();
        if (now - next >= 0 && nextLine.compareAndSet(next, now + BETWEEN_LINES.toNanos())) {
            line.accept(unsaid.getAndSet(0));
        }
    }
}
