package dev.patchkey.micrometer;

import dev.patchkey.client.Figures;
import dev.patchkey.client.KeyRebind;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.Status;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The meters of a node in one registry. Meters are read by any thread; the other methods are called by one at a time. */
final class Binding {

    private static final String PREFIX = "patchkey.node.";

    /** A scrape reads all meters within this: they are of one moment, and the node is asked once. */
    private static final Duration SCRAPE = Duration.ofSeconds(1);

    /** From a rebind that no compiled code depends on to one that a thread without a safepoint holds up. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(50_000),
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    /** What the node has said at a time of the registry's clock. */
    private record Taken(Status status, Figures figures, long nanos) {}

    private final Patchkey node;
    private final MeterRegistry registry;
    private final Clock clock;
    private final Tags tags;
    private final int keys;
    private final List<Meter> meters = new ArrayList<>();
    private final MultiGauge callSites;
    private final Timer enables;
    private final Timer disables;

    /** Guards {@link #newest}. Taken last of ours; the node's own locks alone are taken under it. */
    private final Object asking = new Object();

    private @Nullable Taken newest;

    Binding(Patchkey node, MeterRegistry registry, Tags tags, int keys) {
        this.node = node;
        this.registry = registry;
        this.clock = registry.config().clock();
        this.tags = tags;
        this.keys = keys;
        connection();
        progress();
        keys();
        enables = timer("enable");
        disables = timer("disable");
        callSites = MultiGauge.builder(PREFIX + "call.sites")
                .description("Call sites of a key: its own tests, and each static call made of it")
                .tags(tags)
                .register(registry);
    }

    boolean isTo(MeterRegistry other) {
        return registry == other;
    }

    private void connection() {
        gauge("connected", "1 while the node is connected to a pod", taken -> taken.status.pod() == null ? 0 : 1);
        for (Status.Phase phase : Status.Phase.values()) {
            String word = phase.name().toLowerCase(Locale.ROOT);
            gauge(
                    "phase",
                    "1 for what the node is doing, 0 for the others",
                    taken -> taken.status.phase() == phase ? 1 : 0,
                    "phase",
                    word);
        }
        seconds(
                "silence",
                "Since a pod last told the node how far it is, its snapshot first",
                taken -> taken.figures.silence());
        counter("connects", "Times that a pod has welcomed the node", taken -> taken.figures.connects());
        gauge("holds", "Keys that the node holds", taken -> taken.status.heldKeys());
    }

    private void progress() {
        gauge("revision", "The revision up to which the node has applied", taken -> taken.status.revision());
        gauge(
                "revision.lag",
                "Revisions that the node has received and not applied",
                taken -> taken.figures.revisionLag());
        seconds(
                "apply.lag",
                "Age of the oldest message that the node has received and not applied",
                taken -> taken.figures.applyLag());
        waiting("queued", waiting -> waiting.queued());
        waiting("paced", waiting -> waiting.paced());
        waiting("failed", waiting -> waiting.failed());
        waiting("refused", waiting -> waiting.refused());
        String edges = "Edges of static keys that the node has applied";
        counter("edges", edges, taken -> taken.figures.edges().enables(), "direction", "enable");
        counter("edges", edges, taken -> taken.figures.edges().disables(), "direction", "disable");
        counter("rebinds.failed", "Attempts to rebind a key that have failed", taken -> taken.figures.failedRebinds());
    }

    private void keys() {
        String declared = "Static keys of this JVM";
        gauge("keys", declared, taken -> taken.figures.enabledKeys(), "state", "enabled");
        gauge(
                "keys",
                declared,
                taken -> taken.figures.callSites().size() - taken.figures.enabledKeys(),
                "state",
                "disabled");
        gauge("keys.mirrored", "Names whose count the node knows", taken -> taken.figures.mirroredKeys());
        gauge(
                "metrics.omitted",
                "Static keys without a series of their own, for the bound",
                taken -> Math.max(0, taken.figures.callSites().size() - keys));
    }

    private Timer timer(String direction) {
        Timer timer = Timer.builder(PREFIX + "rebind")
                .description("How long a key took to cross an edge, its call sites rebound and its preparations run")
                .tags(tags.and("direction", direction))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        meters.add(timer);
        return timer;
    }

    private void waiting(String reason, ToDoubleFunction<Figures.Waiting> number) {
        gauge(
                "keys.waiting",
                "Names whose newest state is not applied yet",
                taken -> number.applyAsDouble(taken.figures.waiting()),
                "reason",
                reason);
    }

    private void gauge(String name, String description, ToDoubleFunction<Taken> number, String... labels) {
        meters.add(Gauge.builder(PREFIX + name, this, binding -> number.applyAsDouble(binding.taken()))
                .description(description)
                .tags(tags.and(labels))
                .strongReference(true)
                .register(registry));
    }

    private void seconds(String name, String description, Function<Taken, Duration> time) {
        meters.add(TimeGauge.builder(
                        PREFIX + name,
                        this,
                        TimeUnit.NANOSECONDS,
                        binding -> time.apply(binding.taken()).toNanos())
                .description(description)
                .tags(tags)
                .strongReference(true)
                .register(registry));
    }

    private void counter(String name, String description, ToDoubleFunction<Taken> number, String... labels) {
        meters.add(FunctionCounter.builder(PREFIX + name, this, binding -> number.applyAsDouble(binding.taken()))
                .description(description)
                .tags(tags.and(labels))
                .register(registry));
    }

    /** By one thread at a time: an older one over a newer one would be a counter that goes back. */
    private Taken taken() {
        synchronized (asking) {
            long now = clock.monotonicTime();
            Taken taken = newest;
            if (taken == null || now - taken.nanos >= SCRAPE.toNanos()) {
                taken = new Taken(node.status(), node.figures(), now);
                newest = taken;
            }
            return taken;
        }
    }

    /** Gives series to keys that are new, and takes them from those that are gone. */
    void look() {
        callSites.register(taken().figures.callSites().keySet().stream()
                .sorted()
                .limit(keys)
                .map(this::row)
                .toList());
    }

    private MultiGauge.Row<?> row(String key) {
        return MultiGauge.Row.of(
                Tags.of("key", key),
                this,
                binding -> binding.taken().figures.callSites().getOrDefault(key, 0));
    }

    void rebound(KeyRebind rebind) {
        (rebind.enabled() ? enables : disables).record(rebind.took());
    }

    void remove() {
        callSites.register(List.of());
        meters.forEach(registry::remove);
    }
}
