package dev.patchkey.client;

import dev.patchkey.client.protocol.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one key: the newest state that has been delivered, and what the rebinder has made of it. Everything
 * here is guarded by the backlog's lock, but for the name.
 */
final class Slot {

    /** Somebody waits until a version, or a later one, is applied; completes with the applied count. */
    record Waiter(Version version, CompletableFuture<Integer> applied) {}

    final String key;

    /** The newest delivered state; {@link Version#NONE} while there is none. */
    int count;

    Version version = Version.NONE;

    /** Whether the key is to read as disabled, over that state, until the next delivery. */
    boolean stale;

    /** Whether it is in the queue. */
    boolean queued;

    /** What has been applied, as the three fields above. */
    int appliedCount;

    Version appliedVersion = Version.NONE;
    boolean appliedStale;

    /** Why the newest attempt to rebind has failed; null if it has not. */
    @Nullable String failure;

    /** When it is tried again; meaningless unless it has failed or is paced. */
    long dueNanos;

    final Backoff backoff;

    final Pace pace;

    private List<Waiter> waiters = new ArrayList<>();

    Slot(String key, Backoff backoff, Pace pace) {
        this.key = key;
        this.backoff = backoff;
        this.pace = pace;
    }

    /** Takes a delivered state unless it knows a newer one; says whether there is anything to apply. */
    boolean offer(int newCount, Version newVersion) {
        if (version.isAfter(newVersion)) {
            return false;
        }
        boolean news = newVersion.isAfter(version) || stale;
        count = newCount;
        version = newVersion;
        stale = false;
        return news;
    }

    /** Whether the key is to read as enabled, once everything that is known is applied. */
    boolean isToBeEnabled() {
        return count > 0 && !stale;
    }

    /** Whether the key reads as enabled, as far as is known: a rebind that failed may have got so far or not. */
    boolean isEnabled() {
        return appliedCount > 0 && !appliedStale;
    }

    /** Whether applying what is known rebinds the key. */
    boolean isAtEdge() {
        return failure != null || isToBeEnabled() != isEnabled();
    }

    /**
     * Whether an edge goes at once: one to staleness, which is a promise about time, or to an enable that somebody waits
     * for. What undoes the former otherwise, and the latter, is paced. The two may alternate with nothing paced between
     * them, but no faster than leases are lost: each staleness takes the loss of one.
     */
    boolean isUrgent() {
        return stale || (failure == null && isToBeEnabled() && !waiters.isEmpty());
    }

    /** Whether everything that is known is applied, and that is the wanted version or a newer one. */
    boolean isSettledAt(Version wanted) {
        return !queued && failure == null && !stale && !appliedStale && !wanted.isAfter(appliedVersion);
    }

    void await(Waiter waiter) {
        waiters.add(waiter);
    }

    /** Those who wait for this version or an older one. */
    List<Waiter> takeWaiters(Version reached) {
        return takeWaiters(waiter -> !waiter.version.isAfter(reached));
    }

    /** Those who wait for no more than what is applied; none if that is not certain, or is not what the key reads as. */
    List<Waiter> takeWaitersOfApplied() {
        return failure != null || appliedStale ? List.of() : takeWaiters(appliedVersion);
    }

    List<Waiter> takeAllWaiters() {
        return takeWaiters(waiter -> true);
    }

    private List<Waiter> takeWaiters(Predicate<Waiter> wanted) {
        if (waiters.isEmpty()) {
            return List.of();
        }
        List<Waiter> taken = waiters.stream().filter(wanted).toList();
        waiters = new ArrayList<>(waiters.stream().filter(wanted.negate()).toList());
        return taken;
    }
}
