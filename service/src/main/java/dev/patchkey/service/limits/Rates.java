package dev.patchkey.service.limits;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often each of many may do something: a token bucket by name. Safe for use by several threads.
 *
 * <p>A bucket that nobody has asked for takes no memory, and there are at most {@link #MOST}: who is pushed out by more
 * starts with a full one again.
 */
public final class Rates {

    /** Far more than there are callers; with those who make up addresses, a few megabytes. */
    static final int MOST = 10_000;

    private final @Nullable LoadingCache<String, Bucket> buckets;

    private Rates(@Nullable LoadingCache<String, Bucket> buckets) {
        this.buckets = buckets;
    }

    /**
     * A rate, and how far one may run ahead of it.
     *
     * @param times how often in the long run; 0 for no limit
     * @param per in so long
     * @param burst how often at once
     */
    public static Rates of(int times, Duration per, int burst) {
        return of(times, per, burst, TimeMeter.SYSTEM_NANOTIME);
    }

    static Rates of(int times, Duration per, int burst, TimeMeter clock) {
        if (times == 0) {
            return new Rates(null);
        }
        Bandwidth limit =
                Bandwidth.builder().capacity(burst).refillGreedy(times, per).build();
        // A bucket that is full again is as good as a new one.
        Duration full = per.multipliedBy(burst).dividedBy(times).plusSeconds(1);
        return new Rates(Caffeine.newBuilder()
                .maximumSize(MOST)
                .expireAfterAccess(full)
                .build(name -> Bucket.builder()
                        .addLimit(limit)
                        .withCustomTimePrecision(clock)
                        .build()));
    }

    /**
     * Does it once more.
     *
     * @return 0 if it may, and else after how many seconds it may
     */
    public long take(String name) {
        if (buckets == null) {
            return 0;
        }
        var probe = buckets.get(name).tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? 0 : seconds(probe.getNanosToWaitForRefill());
    }

    private static long seconds(long nanos) {
        return Math.max(1, Math.ceilDiv(nanos, Duration.ofSeconds(1).toNanos()));
    }

    /** Whose names are kept, for tests of the bound. */
    long size() {
        if (buckets == null) {
            return 0;
        }
        buckets.cleanUp();
        return buckets.estimatedSize();
    }
}
