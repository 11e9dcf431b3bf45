package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Ends operators' holds that are past their deadline. It only proposes: an expiry is a command like any other, decided by
 * the authority's own clock, so two pods sweeping at once do no harm.
 */
public final class ExpirySweep {

    /** The most holds that one sweep ends; the rest waits for the next, a second later. */
    public static final int LARGEST_SWEEP = 1000;

    private static final int PATIENCE_SECONDS = 10;

    /** Who the audit says ended them. */
    public static final String ACTOR = "patchkey";

    private static final String REASON = "the lease ended";

    /** Finds what may be over. */
    public interface Overdue {
        /** At most {@code limit} operators' holds that seem to be past their deadline. */
        List<Expiring> find(int limit);
    }

    /** A hold that may be over. */
    public record Expiring(KeyName key, Holder holder) {}

    private ExpirySweep() {}

    /** Sweeps once; blocks until what it found is decided. Failures are left to the next sweep. */
    public static void run(Overdue overdue, ReferenceCounts counts) {
        List<CompletableFuture<?>> ends = overdue.find(LARGEST_SWEEP).stream()
                .<CompletableFuture<?>>map(each -> counts.submit(
                        new Command(each.key(), new Action.Expire(each.holder(), null), ACTOR, REASON, null)))
                .toList();
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .exceptionally(failure -> null)
                .join();
    }
}
