package dev.patchkey.service.metrics;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.View;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.function.ToDoubleFunction;

/** Shows how many keys there are, and the counts of some of them: enabled ones first, then those that changed last. */
final class KeyMetrics {

    private final View view;
    private final int bound;
    private final MultiGauge counts;
    private volatile long enabled;
    private volatile long disabled;
    private volatile long omitted;

    /** @param bound the most keys to show by name */
    KeyMetrics(View view, int bound, MeterRegistry registry) {
        this.view = view;
        this.bound = bound;
        keys(registry, "enabled", each -> each.enabled);
        keys(registry, "disabled", each -> each.disabled);
        this.counts = MultiGauge.builder("patchkey.key.references")
                .description("The reference count of a key")
                .register(registry);
    }

    private void keys(MeterRegistry registry, String state, ToDoubleFunction<KeyMetrics> value) {
        Gauge.builder("patchkey.keys", this, value)
                .description("Keys that this pod's view has; deleted ones count as disabled")
                .tag("state", state)
                .register(registry);
    }

    void look() {
        List<View.Entry> entries = view.snapshot().entries();
        List<KeyName> shown = new ArrayList<>();
        long on = 0;
        for (View.Entry entry : entries) {
            if (entry.count() > 0) {
                on++;
                if (shown.size() < bound) {
                    shown.add(entry.key());
                }
            }
        }
        enabled = on;
        disabled = entries.size() - on;
        omitted = on - shown.size();
        shown.addAll(lastDisabled(entries, bound - shown.size()));
        counts.register(
                shown.stream()
                        .map(key -> MultiGauge.Row.of(Tags.of("key", key.value()), () -> count(key)))
                        .toList(),
                false);
    }

    private static List<KeyName> lastDisabled(List<View.Entry> entries, int most) {
        // The one that changed longest ago comes first, to be left out first.
        Queue<View.Entry> last = new PriorityQueue<>(Comparator.comparing(View.Entry::version));
        if (most > 0) {
            for (View.Entry entry : entries) {
                if (entry.count() == 0) {
                    last.add(entry);
                    if (last.size() > most) {
                        last.remove();
                    }
                }
            }
        }
        return last.stream().map(View.Entry::key).toList();
    }

    /** As it is at the scrape. */
    private int count(KeyName key) {
        View.Entry entry = view.get(key);
        return entry == null ? 0 : entry.count();
    }

    /** How many enabled keys are not shown by name. */
    long omitted() {
        return omitted;
    }
}
