package dev.patchkey.service.store.hazelcast;

import com.hazelcast.map.EntryProcessor;
import dev.patchkey.service.store.PodRegistry;
import java.util.Map;

/** Writes a pod's row unless it has a newer one; says whether there was any. */
@SuppressWarnings("serial") // it has a serializer of its own
record PutPod(PodRegistry.Row row) implements EntryProcessor<String, PodRegistry.Row, Boolean> {

    @Override
    public Boolean process(Map.Entry<String, PodRegistry.Row> entry) {
        PodRegistry.Row before = entry.getValue();
        if (before == null || before.renewals() < row.renewals()) {
            entry.setValue(row);
        }
        return before != null;
    }
}
