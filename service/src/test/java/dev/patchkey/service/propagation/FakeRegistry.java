package dev.patchkey.service.propagation;

import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A registry in memory, as one pod reaches it: several share its rows, and each can be cut off by itself. */
public final class FakeRegistry implements PodRegistry {
    final Map<String, Row> rows;
    private final boolean outlivesPods;

    /** Whether this pod does not reach it. */
    volatile boolean cut;

    /** Whether the next write is made, and its answer lost. */
    volatile boolean losesNextAnswer;

    public FakeRegistry() {
        this(new ConcurrentHashMap<>(), true);
    }

    FakeRegistry(Map<String, Row> rows, boolean outlivesPods) {
        this.rows = rows;
        this.outlivesPods = outlivesPods;
    }

    @Override
    public boolean put(Row row) {
        requireReached();
        boolean known = rows.put(row.id(), row) != null;
        if (losesNextAnswer) {
            losesNextAnswer = false;
            throw new StoreUnavailableException("the answer is lost, as the test says");
        }
        return known;
    }

    @Override
    public List<Row> all() {
        requireReached();
        return List.copyOf(rows.values());
    }

    @Override
    public void forget(Row unchanged) {
        requireReached();
        rows.remove(unchanged.id(), unchanged);
    }

    private void requireReached() {
        if (cut) {
            throw new StoreUnavailableException("cut off, as the test says");
        }
    }

    @Override
    public boolean outlivesPods() {
        return outlivesPods;
    }
}
