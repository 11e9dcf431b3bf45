package dev.patchkey.service.store;

import dev.patchkey.service.refcount.KeyName;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's copy of every key's state, which all pods answer from, for a store whose authority is elsewhere. It may
 * lose entries and lag; it never goes back. Every method blocks.
 */
public interface CountsMap {

    /**
     * Puts each state where the map has none or an older one, and returns once all are there.
     *
     * @throws StoreUnavailableException if some may not be; a repeat does no harm
     */
    void publish(Collection<Published> states);

    /** The key's state, or null where the map has none or could not be asked. */
    @Nullable Published get(KeyName key);

    /** What the map has of these keys; less than that where it could not be asked. */
    Map<KeyName, Published> getAll(Set<KeyName> keys);

    /** Tells of states that any pod has put, as a hint: some may be missed, none is made up. */
    void onPublished(Consumer<Published> listener);

    /** Tells that entries may have been lost, or that the members have changed. */
    void onDisturbance(Runnable listener);
}
