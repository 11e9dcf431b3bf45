package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.ReadOnly;
import com.hazelcast.map.EntryProcessor;
import dev.patchkey.service.refcount.KeyState;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a key's state alone, without the requests and batches that its entry remembers. */
@SuppressWarnings("serial") // it has a serializer of its own
record ReadState() implements EntryProcessor<String, KeyEntry, KeyState>, ReadOnly {

    @Override
    public @Nullable KeyState process(Map.Entry<String, KeyEntry> entry) {
        KeyEntry known = entry.getValue();
        return known == null ? null : known.state();
    }

    @Override
    public @Nullable EntryProcessor<String, KeyEntry, KeyState> getBackupProcessor() {
        return null;
    }
}
