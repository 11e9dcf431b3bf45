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

    /** Each repeat means that another pod has begun one meanwhile. */
    private static final int MOST_ATTEMPTS = 5;

    /** Each repeat means that a copy did not confirm it in seconds: members that join meanwhile are there by then. */
    static final int MOST_SENDINGS = 5;

    private volatile LongConsumer listener = epoch -> {};

    Epoch(HazelcastInstance hazelcast) {
        this.map = hazelcast.getMap(ClusterConfig.EPOCH);
    }

    /** Begins the first epoch, or joins the current one; tells of every newer one from then on. */
    void join(LongConsumer newer) {
        listener = newer;
        map.addEntryListener(
                new Listening() {
                    @Override
                    public void entryAdded(EntryEvent<String, Long> event) {
                        move(event.getValue());
                    }

                    @Override
                    public void entryUpdated(EntryEvent<String, Long> event) {
                        move(event.getValue());
                    }
                },
                true);
        current.accumulateAndGet(begin(new NextEpoch(0, System.currentTimeMillis())), Math::max);
    }

    private interface Listening extends EntryAddedListener<String, Long>, EntryUpdatedListener<String, Long> {}

    private void move(long newer) {
        long before = current.getAndAccumulate(newer, Math::max);
        if (newer > before) {
            listener.accept(newer);
        }
    }

    /** Ends the epoch that was seen to be broken, if no other pod has done so for the same loss. */
    void next(long broken) {
        move(begin(new NextEpoch(broken, System.currentTimeMillis())));
    }

    /**
     * Begins one that comes after this pod's own and after the cluster's, of which this pod may have been no part: the
     * two have given the same revisions to different changes.
     */
    void nextAfterMerge() {
        long own = current.get();
        for (int attempt = 0; attempt < MOST_ATTEMPTS && current.get() <= own; attempt++) {
            Long others = map.get(ENTRY);
            long seen = others == null ? 0 : others;
            move(begin(new NextEpoch(seen, Math.max(System.currentTimeMillis(), own + 1))));
        }
    }

    /** The epoch as the cluster has it, and not as this pod last heard. */
    long latest() {
        Long latest = map.get(ENTRY);
        if (latest != null) {
            move(latest);
        }
        return current.get();
    }

    /** The same one each time, with its time: a copy that missed the first must not begin another. */
    private long begin(NextEpoch next) {
        return Confirmed.within(MOST_SENDINGS, () -> map.executeOnKey(ENTRY, next));
    }

    long current() {
        return current.get();
    }
}
