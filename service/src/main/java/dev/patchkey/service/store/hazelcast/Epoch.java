package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.EntryEvent;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.EntryAddedListener;
import com.hazelcast.map.listener.EntryUpdatedListener;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * The life of a store that is kept in memory alone. It begins when the first pod forms the map, and a new one begins when
 * a partition is lost, since its keys start again at revision 1.
 */
final class Epoch {
    private static final String ENTRY = "epoch";

    private final IMap<String, Long> map;
    private final AtomicLong current = new AtomicLong();

    Epoch(HazelcastInstance hazelcast) {
        this.map = hazelcast.getMap(ClusterConfig.EPOCH);
    }

    /** Begins the first epoch, or joins the current one; tells of every newer one from then on. */
    void join(LongConsumer listener) {
        map.addEntryListener(
                new Listening() {
                    @Override
                    public void entryAdded(EntryEvent<String, Long> event) {
                        move(event.getValue(), listener);
                    }

                    @Override
                    public void entryUpdated(EntryEvent<String, Long> event) {
                        move(event.getValue(), listener);
                    }
                },
                true);
        move(map.executeOnKey(ENTRY, new NextEpoch(0, System.currentTimeMillis())), epoch -> {});
    }

    private interface Listening extends EntryAddedListener<String, Long>, EntryUpdatedListener<String, Long> {}

    private void move(long newer, LongConsumer listener) {
        long before = current.getAndAccumulate(newer, Math::max);
        if (newer > before) {
            listener.accept(newer);
        }
    }

    /** Ends the current epoch, if no other pod has done so for the same loss. */
    void next(LongConsumer listener) {
        move(map.executeOnKey(ENTRY, new NextEpoch(current.get(), System.currentTimeMillis())), listener);
    }

    long current() {
        return current.get();
    }
}
