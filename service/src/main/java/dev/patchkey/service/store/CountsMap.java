package dev.patchkey.service.store;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's copy of every key's state, which all pods answer from, for a store whose authority is elsewhere. It may
 * lose entries and lag, and when a pod is lost a key may go back to what the next copy has. Methods block unless they say
 * otherwise.
 */
public interface CountsMap {

    /**
     * What a batch has changed.
     *
     * @param from the version before it
     * @param to the version after it
     * @param changed the newest entry of each key that has changed in between
     */
    record Advance(Version from, Version to, List<View.Entry> changed) {}

    /**
     * Puts each state where the map has none or an older one, and returns once all are there; copies may follow later.
     *
     * @throws StoreUnavailableException if some may not be; a repeat does no harm
     */
    void publish(Collection<Published> states);

    /** Tells the other pods of a batch, as a hint that may get lost. It throws nothing, and does not wait for the answer. */
    void announce(Advance advance);

    /** The key's state, or null where the map has none or could not be asked. */
    @Nullable Published get(KeyName key);

    /** What the map has of these keys; less than that where it could not be asked. */
    Map<KeyName, Published> getAll(Set<KeyName> keys);

    /** Hears what the other pods announce: some may be missed or come out of order, none is made up. */
    void onAnnounced(Consumer<Advance> listener);

    /** Tells that entries may have been lost, or that the members have changed. */
    void onDisturbance(Runnable listener);
}
