package dev.patchkey.service.security;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Counts what the log is to tell of, and says once in a while that it may. Safe for use by several threads. */
final class LogPace {

    /** The least time between two lines: whoever is refused on purpose does not fill the log. */
    private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);

    private final LongSupplier nanoTime;

    /** How many no line of the log has told of. */
    private final AtomicLong unsaid = new AtomicLong();

    /** When the next line may be written, by the monotonic clock. */
    private final AtomicLong nextLine;

    /** @param nanoTime the monotonic clock */
    LogPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        nextLine = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * Counts one more.
     *
     * @return how many a line that is written now is to tell of, this one among them; 0 if none may be written
     */
    long count() {
        unsaid.incrementAndGet();
        long now = nanoTime.getAsLong();
        long next = nextLine.get();
        return now - next >= 0 && nextLine.compareAndSet(next, now + BETWEEN_LINES.toNanos()) ? unsaid.getAndSet(0) : 0;
    }
}
