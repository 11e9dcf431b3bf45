package dev.patchkey.service.propagation;

import dev.patchkey.service.propagation.LiveNodes.Census;
import dev.patchkey.service.propagation.LiveNodes.Lag;
import dev.patchkey.service.propagation.LiveNodes.Laggard;
import dev.patchkey.service.store.StoreMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Shows how many nodes there are, how far they lag, how long changes take to reach them, and what is left of the pod's own
 * lease. Thread-safe.
 */
public final class PropagationMetrics {

    /** For how long one look at all sessions serves: the gauges of one scrape share it. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** Beyond the buckets of other timers: a node may be slow for as long as it is not yet stuck, or a wait may last. */
    private static final Duration SLOW = Duration.ofSeconds(15);

    private static final Duration SLOWER = Duration.ofSeconds(60);

    /** How somebody's wait has ended. */
    private enum Awaited {
        APPLIED,
        /** Live nodes had not applied it. */
        LAGGING,
        /** A pod did not say, whatever nodes lag. */
        UNACCOUNTED;

        static Awaited of(Propagation how) {
            if (how.applied()) {
                return APPLIED;
            }
            return how.unaccounted().isEmpty() ? LAGGING : UNACCOUNTED;
        }
    }

    private final LiveNodes nodes;
    private final int named;
    private final LongSupplier nanoClock;
    private final MultiGauge lags;
    private final Timer sent;
    private final Timer applied;
    private final Map<Awaited, Timer> awaits = new EnumMap<>(Awaited.class);

    /** By the node and why it lags, for how long, in seconds. Replaced as a whole. */
    private volatile Map<Tags, Double> laggards = Map.of();

    /** Guarded by this object's lock, as is the time at which it was taken. */
    private Census census;

    private long lookedAt;

    /** @param named the most nodes that lag to show by name; 0 for none */
    public PropagationMetrics(LiveNodes nodes, Cluster cluster, PodLease lease, int named, MeterRegistry registry) {
        this(nodes, cluster, lease, named, registry, System::nanoTime);
    }

    PropagationMetrics(
            LiveNodes nodes,
            Cluster cluster,
            PodLease lease,
            int named,
            MeterRegistry registry,
            LongSupplier nanoClock) {
        this.nodes = nodes;
        this.named = named;
        this.nanoClock = nanoClock;
        this.census = nodes.census(named);
        this.lookedAt = nanoClock.getAsLong();
        TimeGauge.builder(
                        "patchkey.pod.lease.rest",
                        lease,
                        TimeUnit.NANOSECONDS,
                        each -> each.rest().toNanos())
                .description("For how long this pod may go on renewing its nodes' leases without the store")
                .register(registry);
        nodes(registry, "connected", Census::connected);
        nodes(registry, "disconnected", Census::disconnected);
        gauge(registry, "patchkey.nodes.lagging", "Live nodes of this pod that lag", Census::lagging);
        TimeGauge.builder(
                        "patchkey.channel.unconfirmed.age",
                        this,
                        TimeUnit.NANOSECONDS,
                        each -> each.look().oldestUnconfirmed().toNanos())
                .description("Age of the oldest message that a connected node has not said to be applied")
                .register(registry);
        FunctionCounter.builder(
                        "patchkey.nodes.expired", this, each -> each.look().expired())
                .description("Leases of nodes of this pod that ended without the node's word")
                .register(registry);
        lags = MultiGauge.builder("patchkey.node.lag")
                .description("For how long a node that lags has been behind")
                .baseUnit("seconds")
                .register(registry);
        gauge(registry, "patchkey.channel.pending", "States of keys that wait to be written to nodes", Census::pending);
        gauge(
                registry,
                "patchkey.channel.unconfirmed",
                "Messages that nodes have not said to be applied",
                Census::unconfirmed);
        FunctionCounter.builder(
                        "patchkey.channel.conflated", this, each -> each.look().conflated())
                .description("States that were replaced by newer ones before they were written")
                .register(registry);
        sent = timer(registry, "patchkey.propagation.sent", "From a change's coming to this pod to its being written");
        applied = timer(
                registry,
                "patchkey.propagation.applied",
                "From a change's coming to this pod to a node's word that it is applied");
        for (Awaited outcome : Awaited.values()) {
            awaits.put(
                    outcome,
                    Timer.builder("patchkey.propagation.awaits")
                            .description("Waits for a change to be applied everywhere")
                            .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
                            .serviceLevelObjectives(buckets())
                            .register(registry));
        }
        Latencies told = new Told();
        nodes.measure(told);
        cluster.measure(told);
    }

    private final class Told implements Latencies {
        @Override
        public void sent(long nanos) {
            sent.record(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void applied(long nanos) {
            applied.record(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void awaited(Propagation how, long nanos) {
            Objects.requireNonNull(awaits.get(Awaited.of(how))).record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void nodes(MeterRegistry registry, String state, ToDoubleFunction<Census> value) {
        Gauge.builder("patchkey.nodes", this, each -> value.applyAsDouble(each.look()))
                .description("Live nodes of this pod")
                .tag("state", state)
                .register(registry);
    }

    private void gauge(MeterRegistry registry, String name, String description, ToDoubleFunction<Census> value) {
        Gauge.builder(name, this, each -> value.applyAsDouble(each.look()))
                .description(description)
                .register(registry);
    }

    private static Duration[] buckets() {
        return Stream.concat(Stream.of(StoreMetrics.buckets()), Stream.of(SLOW, SLOWER))
                .toArray(Duration[]::new);
    }

    private static Timer timer(MeterRegistry registry, String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(buckets())
                .register(registry);
    }

    private synchronized Census look() {
        long now = nanoClock.getAsLong();
        if (now - lookedAt >= LOOK.toNanos()) {
            census = nodes.census(named);
            lookedAt = now;
        }
        return census;
    }

    /**
     * Shows by name those that lag now.
     *
     * @return how many lag and are not shown
     */
    public int showLaggards() {
        Census now = look();
        Map<Tags, Double> shown = new HashMap<>();
        for (Laggard laggard : now.worst()) {
            shown.put(
                    Tags.of("node", laggard.node(), "reason", word(laggard.why())),
                    (double) laggard.behind().toMillis() / Duration.ofSeconds(1).toMillis());
        }
        laggards = shown;
        lags.register(
                shown.keySet().stream()
                        .map(tags -> MultiGauge.Row.of(tags, () -> laggards.getOrDefault(tags, Double.NaN)))
                        .toList(),
                false);
        return now.lagging() - shown.size();
    }

    private static String word(Lag why) {
        return why.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
