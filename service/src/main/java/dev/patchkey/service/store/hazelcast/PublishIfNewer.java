package dev.patchkey.service.store.hazelcast;

import com.hazelcast.map.EntryProcessor;
import dev.patchkey.service.store.Published;
import java.util.Map;

/** Puts a state where there is none or an older one, so that late publications never take a key back. */
@SuppressWarnings("serial") // it has a serializer of its own
record PublishIfNewer(Published state) implements EntryProcessor<String, Published, Boolean> {

    @Override
    public Boolean process(Map.Entry<String, Published> entry) {
        if (!state.isNewerThan(entry.getValue())) {
            return false;
        }
        entry.setValue(state);
        return true;
    }
}
