package dev.patchkey.service.store.hazelcast;

import com.hazelcast.map.EntryProcessor;
import java.util.Map;

/**
 * Begins the store's first epoch where there is none, or the one after that which was seen to be broken. It is the time,
 * so that it comes after every epoch before, those of a cluster that has been stopped included.
 *
 * @param seen the epoch that is over, or 0 to begin the first; a no-op if it is not the current one
 * @param time the clock of the pod that asks, so that the backups decide the same
 */
@SuppressWarnings("serial") // it has a serializer of its own
record NextEpoch(long seen, long time) implements EntryProcessor<String, Long, Long> {

    @Override
    public Long process(Map.Entry<String, Long> entry) {
        Long current = entry.getValue();
        if (current != null && current != seen) {
            return current;
        }
        long next = Math.max(time, seen + 1);
        entry.setValue(next);
        return next;
    }
}
