package dev.patchkey.service.metrics;

import dev.patchkey.service.propagation.PropagationMetrics;
import dev.patchkey.service.store.Closing;
import dev.patchkey.service.store.Copies;
import dev.patchkey.service.store.StoreHealth;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Looks every few seconds at what metrics show by name, and at what takes too long to be asked for at a scrape. */
final class Looks implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Looks.class);

    /** A look takes milliseconds; a pod that is told to go must be gone in half a minute. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(1);

    private final KeyMetrics keys;
    private final EdgeMetrics edges;
    private final HoldMetrics holds;
    private final PropagationMetrics nodes;
    private final Copies copies;
    private final Duration interval;
    private final LongSupplier nanoClock;

    /** What has failed, so that it is said once. Used by the thread that looks. */
    private final Map<String, Boolean> failing = new ConcurrentHashMap<>();

    private volatile int omittedNodes;
    private volatile boolean copied = true;

    /** When the last look that went well ended, by the monotonic clock. */
    private volatile long lookedAt;

    private @Nullable ScheduledExecutorService timer;

    Looks(
            KeyMetrics keys,
            EdgeMetrics edges,
            HoldMetrics holds,
            PropagationMetrics nodes,
            Copies copies,
            StoreHealth store,
            Duration interval,
            LongSupplier nanoClock,
            MeterRegistry registry) {
        this.keys = keys;
        this.edges = edges;
        this.holds = holds;
        this.nodes = nodes;
        this.copies = copies;
        this.interval = interval;
        this.nanoClock = nanoClock;
        this.lookedAt = nanoClock.getAsLong();
        omitted(registry, "keys", each -> each.keys.omitted());
        omitted(registry, "holds", each -> each.holds.omitted());
        omitted(registry, "nodes", each -> each.omittedNodes);
        TimeGauge.builder(
                        "patchkey.metrics.look.age",
                        this,
                        TimeUnit.NANOSECONDS,
                        each -> each.nanoClock.getAsLong() - each.lookedAt)
                .description("Since keys, holds, nodes and copies were last looked at without a failure")
                .register(registry);
        Gauge.builder("patchkey.cluster.partitions.safe", this, each -> each.copied ? 1 : 0)
                .description("Whether what this pod keeps in the cluster's memory has its copies on other pods")
                .register(registry);
        for (StoreHealth.State state : StoreHealth.State.values()) {
            Gauge.builder("patchkey.store.state", store, each -> each.report().state() == state ? 1 : 0)
                    .description("1 for what the store does for this pod, 0 for the others")
                    .tag("state", state.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .register(registry);
        }
    }

    private void omitted(MeterRegistry registry, String kind, ToDoubleFunction<Looks> value) {
        Gauge.builder("patchkey.metrics.omitted", this, value)
                .description("Enabled keys, holds, and nodes that lag, that have no series of their own for the bound")
                .tag("kind", kind)
                .register(registry);
    }

    @Override
    public synchronized void start() {
        if (isRunning()) {
            return;
        }
        ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("patchkey-metrics").factory());
        ScheduledFuture<?> unused =
                looking.scheduleWithFixedDelay(this::look, 0, interval.toNanos(), TimeUnit.NANOSECONDS);
        timer = looking;
    }

    /** Looks once; blocks. What fails leaves the rest as it is. */
    void look() {
        boolean good = tried("edges", edges::look);
        good &= tried("keys", keys::look);
        good &= tried("nodes", () -> omittedNodes = nodes.showLaggards());
        good &= tried("holds", holds::look);
        good &= tried("copies", () -> copied = copies.areComplete());
        if (good) {
            lookedAt = nanoClock.getAsLong();
        }
    }

    private boolean tried(String what, Runnable look) {
        try {
            look.run();
            failing.remove(what);
            return true;
        } catch (Throwable e) {
            // An Error too: whatever escapes would end the looks for good.
            if (failing.put(what, true) == null) {
                log.warn("Metrics of {} stay as they are until they can be looked at again: {}", what, e.toString());
            }
            return false;
        }
    }

    /** Lets a look that has begun end: to interrupt a read would close an embedded database. */
    @Override
    public synchronized void stop() {
        ScheduledExecutorService looking = timer;
        if (looking != null && !Closing.within(STOP_PATIENCE, looking)) {
            log.warn("Metrics are still being looked at after {}; leaving them", STOP_PATIENCE);
        }
        timer = null;
    }

    @Override
    public synchronized boolean isRunning() {
        return timer != null;
    }
}
