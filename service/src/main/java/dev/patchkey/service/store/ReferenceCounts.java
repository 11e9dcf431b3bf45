package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The reference counts of the cluster, as the rest of the service sees them. Thread-safe. Every method that blocks says
 * so; call those from a virtual thread, never from a Hazelcast or Jetty thread.
 */
public interface ReferenceCounts {

    /** The most keys on one page of a list. */
    int LARGEST_PAGE = 1000;

    /** How fresh a read must be. */
    enum Consistency {
        /**
         * From the memory of the cluster: not older than what any pod has acknowledged before the call, or else marked
         * {@linkplain Read#stale stale}; never older than what this pod has acknowledged.
         */
        CLUSTER,
        /** Decided by the authority at the time of the call. */
        STRONG
    }

    /**
     * What was read.
     *
     * @param state the key
     * @param version of the key; revision 0 if nobody has touched it
     * @param stale null if the read is not older than what any pod has acknowledged before it
     */
    record Read(KeyState state, Version version, @Nullable Stale stale) {
        /** A read that is current. */
        public Read(KeyState state, Version version) {
            this(state, version, null);
        }
    }

    /**
     * Several keys that were read.
     *
     * @param reads in the order of the keys' names
     * @param version of the view that named the keys: where revisions are global, every change up to it is in the page
     * @param stale null if the page is not older than what any pod has acknowledged before it
     */
    record Page(List<Read> reads, Version version, @Nullable Stale stale) {
        public Page {
            reads = List.copyOf(reads);
        }
    }

    /**
     * One line of a key's history.
     *
     * @param version the change
     * @param change by whom, when, why
     * @param action what was done: {@code increment}, {@code decrement}, {@code acquire}, {@code release},
     *     {@code expire} or {@code delete}
     * @param holder whose hold, or null
     * @param count after the change
     * @param trace the id of the trace that asked for it, or null
     */
    record HistoryLine(
            Version version,
            LastChange change,
            String action,
            @Nullable Holder holder,
            int count,
            @Nullable String trace) {}

    /**
     * A hold, as a list of those of all keys shows it.
     *
     * @param key which key is held
     * @param holder by whom
     * @param ofNode whether a node holds, for as long as it lives
     * @param since when it was first acquired, by the store's clock
     * @param deadline when it ends unless renewed, by the store's clock; null for one without an end and for a node's
     */
    record Held(
            KeyName key,
            Holder holder,
            boolean ofNode,
            Instant since,
            @Nullable Instant deadline) {}

    /**
     * The holds of all keys.
     *
     * @param operators how many are operators'
     * @param nodes how many are nodes'
     * @param oldest those that have stood longest, in that order; as many as were asked for, or all
     */
    record HoldCensus(long operators, long nodes, List<Held> oldest) {
        public HoldCensus {
            oldest = List.copyOf(oldest);
        }
    }

    /**
     * Has the command decided. What arrives while a batch is in flight goes with the next.
     *
     * @return completes with the outcome once it is durable and visible to every read through this pod; or exceptionally
     *     with {@link StoreUnavailableException} or {@link OutcomeUnknownException}, never with another. Completed on a
     *     thread that may block.
     */
    CompletableFuture<Outcome> submit(Command command);

    /** Reads one key; blocks. Never null: a key that nobody has touched is {@linkplain KeyState#absent absent}. */
    Read read(KeyName key, Consistency consistency);

    /**
     * Reads the keys that {@linkplain KeyState#exists() exist}, in the order of their names; blocks.
     *
     * @param prefix only names that start with it; may be empty
     * @param after only names after this one, or null to begin
     * @param limit 1 to {@link #LARGEST_PAGE}
     */
    Page list(String prefix, @Nullable KeyName after, int limit, Consistency consistency);

    /** The keys that the holder holds now, decided by the authority; blocks. */
    List<Read> heldBy(Holder holder);

    /**
     * The key's changes, newest first; blocks.
     *
     * @param before only changes of a lower revision; {@link Long#MAX_VALUE} to begin
     * @param limit 1 to {@link #LARGEST_PAGE}
     * @throws UnsupportedOperationException if this store keeps no history
     */
    List<HistoryLine> history(KeyName key, long before, int limit);

    /**
     * The holds of all keys, as the store has them; blocks.
     *
     * @param limit how many to name; 0 or more
     */
    HoldCensus holds(int limit);

    /** This pod's view of all counts, which nodes are fed from. */
    View view();

    /** Null if the view has everything that any pod acknowledged up to a few seconds ago; never blocks. */
    @Nullable Stale stale();
}
