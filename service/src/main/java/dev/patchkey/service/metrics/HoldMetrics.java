package dev.patchkey.service.metrics;

import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Held;
import dev.patchkey.service.store.ReferenceCounts.HoldCensus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Shows how many holds there are in the cluster, and how old some of them are, the oldest first. */
final class HoldMetrics {

    private final ReferenceCounts counts;
    private final int bound;
    private final InstantSource clock;
    private final MultiGauge ages;
    private final MultiGauge rests;

    private volatile HoldCensus census = new HoldCensus(0, 0, List.of());

    /** What is shown, by its labels. Replaced as a whole. */
    private volatile Map<Tags, Held> shown = Map.of();

    /** @param bound the most holds to show by name */
    HoldMetrics(ReferenceCounts counts, int bound, InstantSource clock, MeterRegistry registry) {
        this.counts = counts;
        this.bound = bound;
        this.clock = clock;
        holds(registry, "operator", HoldCensus::operators);
        holds(registry, "node", HoldCensus::nodes);
        this.ages = MultiGauge.builder("patchkey.hold.age")
                .description("Since a hold was first acquired")
                .baseUnit("seconds")
                .register(registry);
        this.rests = MultiGauge.builder("patchkey.hold.lease.rest")
                .description("Until a hold ends unless it is renewed")
                .baseUnit("seconds")
                .register(registry);
    }

    private void holds(MeterRegistry registry, String kind, ToDoubleFunction<HoldCensus> value) {
        Gauge.builder("patchkey.holds", this, each -> value.applyAsDouble(each.census))
                .description("Holds of all keys")
                .tag("kind", kind)
                .register(registry);
    }

    /** Blocks. If the store does not answer, what it said last stays: ages go on, since they are told from the clock. */
    void look() {
        HoldCensus found = counts.holds(bound);
        Map<Tags, Held> named = new HashMap<>();
        for (Held held : found.oldest()) {
            named.put(
                    Tags.of(
                            "key",
                            held.key().value(),
                            "holder",
                            held.holder().value(),
                            "kind",
                            held.ofNode() ? "node" : "operator"),
                    held);
        }
        census = found;
        shown = named;
        ages.register(rows(named, held -> true, held -> Duration.between(held.since(), clock.instant())), false);
        rests.register(
                rows(named, held -> held.deadline() != null, held -> between(clock.instant(), held.deadline())), false);
    }

    private static Duration between(Instant now, @Nullable Instant deadline) {
        return deadline == null ? Duration.ZERO : Duration.between(now, deadline);
    }

    private List<MultiGauge.Row<?>> rows(
            Map<Tags, Held> named, Predicate<Held> isShown, Function<Held, Duration> value) {
        return named.entrySet().stream()
                .filter(each -> isShown.test(each.getValue()))
                .<MultiGauge.Row<?>>map(each -> MultiGauge.Row.of(each.getKey(), () -> seconds(each.getKey(), value)))
                .toList();
    }

    private double seconds(Tags tags, Function<Held, Duration> value) {
        Held held = shown.get(tags);
        return held == null ? Double.NaN : value.apply(held).toMillis() / 1e3;
    }

    /** How many holds are not shown by name. */
    long omitted() {
        HoldCensus now = census;
        // The database is asked twice, and holds may have ended meanwhile.
        return Math.max(0, now.operators() + now.nodes() - now.oldest().size());
    }
}
