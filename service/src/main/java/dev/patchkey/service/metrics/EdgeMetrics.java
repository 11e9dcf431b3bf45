package dev.patchkey.service.metrics;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/*
 * Edges come on the thread that feeds the view, thousands a second, and there only a number is raised. Series are made and
 * taken away by the look, on a thread of its own.
 */
/**
 * Counts the edges that the pod's view has seen: a key that became enabled, or disabled. A batch is seen as what it leaves,
 * and a new epoch counts for nothing.
 */
final class EdgeMetrics implements View.Listener {

    /** Of the keys beyond the bound; no key can have this name. */
    static final String OTHER = "_other";

    /** A key that has crossed no edge for so long makes room for another. */
    private static final Duration FORGOTTEN_AFTER = Duration.ofHours(1);

    /** The edges of one key, or of the others. */
    private static final class Edges {
        private final AtomicLong up = new AtomicLong();
        private final AtomicLong down = new AtomicLong();
        private volatile long last;

        void count(boolean enabled, long now) {
            last = now;
            (enabled ? up : down).incrementAndGet();
        }
    }

    private final int bound;
    private final MeterRegistry registry;
    private final LongSupplier nanoClock;

    /** At most as many as the bound: filled by the thread that feeds the view, and emptied by the one that looks. */
    private final Map<KeyName, Edges> edges = new ConcurrentHashMap<>();

    private final Edges others = new Edges();

    /** Used by the thread that looks. */
    private final Map<KeyName, List<Meter>> shown = new HashMap<>();

    /** @param bound the most keys to count by name */
    EdgeMetrics(int bound, MeterRegistry registry, LongSupplier nanoClock) {
        this.bound = bound;
        this.registry = registry;
        this.nanoClock = nanoClock;
        show(OTHER, others);
    }

    @Override
    public void changed(View.Entry entry) {
        throw new IllegalStateException("an edge is known by what was before");
    }

    @Override
    public void changed(View.Entry entry, View.@Nullable Entry before) {
        boolean enabled = entry.count() > 0;
        boolean wasEnabled = before != null && before.count() > 0;
        if (enabled != wasEnabled) {
            edgesOf(entry.key()).count(enabled, nanoClock.getAsLong());
        }
    }

    private Edges edgesOf(KeyName key) {
        Edges own = edges.get(key);
        if (own != null) {
            return own;
        }
        return edges.size() < bound ? edges.computeIfAbsent(key, name -> new Edges()) : others;
    }

    @Override
    public void replaced(Version version) {}

    /** Gives keys that are new here their series, and takes it from those that were quiet for long. */
    void look() {
        long now = nanoClock.getAsLong();
        edges.forEach((key, own) -> {
            if (now - own.last > FORGOTTEN_AFTER.toNanos()) {
                edges.remove(key);
                List<Meter> meters = shown.remove(key);
                if (meters != null) {
                    meters.forEach(registry::remove);
                }
            } else {
                shown.computeIfAbsent(key, name -> show(name.value(), own));
            }
        });
    }

    private List<Meter> show(String key, Edges own) {
        List<Meter> meters = new ArrayList<>(2);
        meters.add(show(key, "enable", own.up));
        meters.add(show(key, "disable", own.down));
        return meters;
    }

    private Meter show(String key, String direction, AtomicLong count) {
        return FunctionCounter.builder("patchkey.key.edges", count, AtomicLong::doubleValue)
                .description("Edges of keys that this pod's view has seen")
                .tags("key", key, "direction", direction)
                .register(registry);
    }
}
