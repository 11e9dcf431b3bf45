package dev.patchkey.service.store;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one pod knows of every key's count, fed by what it hears from the other pods and by reconciliation. Per key it never goes back.
 * Thread-safe; no method blocks on I/O.
 */
public interface View {

    /**
     * One key as the view has it. A deleted key stays, with count 0, for its revision.
     *
     * @param key which key
     * @param count its reference count
     * @param version of that count
     */
    record Entry(KeyName key, int count, Version version) {}

    /**
     * All keys at one time.
     *
     * @param version of the view: the epoch, and the highest revision seen
     * @param entries the keys, in the order of their names
     */
    record Snapshot(Version version, List<Entry> entries) {}

    /** Told of every newer entry, in the order of versions for each key, on the thread that feeds the view. */
    interface Listener {
        /** Must return at once: it may take short locks and must not wait for anything. */
        void changed(Entry entry);

        /**
         * The same, for whoever wants to know what the view had before.
         *
         * @param before the entry that this one takes the place of, or null
         */
        default void changed(Entry entry, @Nullable Entry before) {
            changed(entry);
        }

        /** A new epoch has replaced everything: read a new snapshot. The same rule. */
        void replaced(Version version);
    }

    /** Undoes a subscription; a no-op when repeated. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Subscribes; every change after the call returns is told, and every change before it is in a snapshot read after
     * it. A change may be both.
     */
    Subscription subscribe(Listener listener);

    Snapshot snapshot();

    /** The key's entry, or null if the view has none. */
    @Nullable Entry get(KeyName key);

    /** The epoch, and the highest revision seen. */
    Version version();

    /**
     * Whether the view's version says something of all keys: true where revisions are global, so that a view at
     * revision r has every change up to r; false where each key counts its own.
     */
    boolean isOrderedAcrossKeys();
}
