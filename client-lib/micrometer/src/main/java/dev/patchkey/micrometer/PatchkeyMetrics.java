package dev.patchkey.micrometer;

import dev.patchkey.client.KeyRebind;
import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.Registration;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The meters of a node, {@code patchkey.node.*}, as Patchkey's reference of metrics lists them.
 *
 * <pre>{@code
 * Patchkey patchkey = Patchkey.builder(service).start();
 * PatchkeyMetrics metrics = PatchkeyMetrics.of(patchkey);
 * metrics.bindTo(registry);
 * }</pre>
 *
 * <p>Number of series: some fifty, and one for each key, up to {@link Builder#keys a bound}. Which keys have theirs is
 * looked at now and then, by a daemon thread that lives from the first {@link #bindTo} to {@link #close}.
 *
 * <p>References: from the first {@code bindTo} to {@code close} that thread refers to this, which refers to the node and
 * to the registries, strongly; so do the registries to this. Without a {@code close} none of them is ever collected.
 *
 * <p>All methods are safe for use by several threads. Neither tests nor rebinds of keys wait for a registry: rebinds are
 * told to it by a worker of the node.
 */
public final class PatchkeyMetrics implements MeterBinder, AutoCloseable {

    private final Patchkey node;
    private final Tags tags;
    private final int keys;
    private final Duration interval;

    // All guarded by this
    private final List<Binding> bindings = new ArrayList<>();
    private @Nullable ScheduledExecutorService looks;
    private @Nullable Registration rebinds;
    private boolean closed;

    private PatchkeyMetrics(Patchkey node, Builder builder) {
        this.node = node;
        this.tags = Tags.of(builder.tags);
        this.keys = builder.keys;
        this.interval = builder.interval;
    }

    /** The meters of this node, with the builder's defaults. */
    public static PatchkeyMetrics of(Patchkey node) {
        return builder(node).build();
    }

    /** The meters of this node, which is to be closed after them. */
    public static Builder builder(Patchkey node) {
        return new Builder(Objects.requireNonNull(node, "node"));
    }

    /**
     * Registers the meters, for as long as this is open. A no-op for a registry that has them already.
     *
     * <p>A registry has one meter of a name and tags, the first: where several nodes are bound to one registry, each needs
     * {@link Builder#tags} of its own.
     *
     * @throws IllegalStateException if this is closed, or if the node has as many listeners of rebinds as it can
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        Objects.requireNonNull(registry, "registry");
        if (closed) {
            throw new IllegalStateException("these metrics are closed; make others of the node");
        }
        if (bindings.stream().anyMatch(binding -> binding.isTo(registry))) {
            return;
        }
        if (rebinds == null) {
            rebinds = node.onRebind(this::rebound);
        }
        if (looks == null) {
            looks = Executors.newSingleThreadScheduledExecutor(PatchkeyMetrics::daemon);
            var unused = looks.scheduleWithFixedDelay(
                    this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        }
        Binding binding = new Binding(node, registry, tags, keys);
        bindings.add(binding);
        binding.look();
    }

    private static Thread daemon(Runnable task) {
        // As the node's own threads: it outlives whoever happened to need it, and keeps nothing of theirs.
        Thread thread = new Thread(null, task, "patchkey-metrics", 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(PatchkeyMetrics.class.getClassLoader());
        return thread;
    }

    private synchronized void look() {
        for (Binding binding : bindings) {
            try {
                binding.look();
            } catch (RuntimeException e) {
                // The next look may do better, and there would be none after an exception.
                System.getLogger(PatchkeyMetrics.class.getPackageName())
                        .log(System.Logger.Level.WARNING, "the keys with a series of their own stay as they are", e);
            }
        }
    }

    private synchronized void rebound(KeyRebind rebind) {
        bindings.forEach(binding -> binding.rebound(rebind));
    }

    /** Removes the meters from their registries, and lets go of these and of the node. From the second call on a no-op. */
    @Override
    public synchronized void close() {
        closed = true;
        if (rebinds != null) {
            rebinds.close();
            rebinds = null;
        }
        if (looks != null) {
            looks.shutdownNow();
            looks = null;
        }
        bindings.forEach(Binding::remove);
        bindings.clear();
    }

    /** What the meters are to be like. Not safe for use by several threads. */
    public static final class Builder {

        private static final int MOST_KEYS = 10_000;
        private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
        private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(10);

        private final Patchkey node;
        private List<Tag> tags = List.of();
        private int keys = 200;
        private Duration interval = Duration.ofSeconds(10);

        private Builder(Patchkey node) {
            this.node = node;
        }

        /** Tags of each meter. Default: none. */
        public Builder tags(Iterable<Tag> tags) {
            List<Tag> copy = new ArrayList<>();
            tags.forEach(tag -> copy.add(Objects.requireNonNull(tag, "tags")));
            this.tags = List.copyOf(copy);
            return this;
        }

        /**
         * How many keys may have a series of their own, in the order of their names; {@code patchkey.node.metrics.omitted}
         * counts the others. 0 shows none by name. Default: 200.
         *
         * @throws IllegalArgumentException unless it is from 0 to 10,000
         */
        public Builder keys(int most) {
            if (most < 0 || most > MOST_KEYS) {
                throw new IllegalArgumentException("keys must be from 0 to " + MOST_KEYS + ", but was " + most);
            }
            this.keys = most;
            return this;
        }

        /**
         * How often is looked which keys have a series of their own. Default: 10 s.
         *
         * @throws IllegalArgumentException unless it is from 1 s to 10 min
         */
        public Builder interval(Duration interval) {
            if (interval.compareTo(SHORTEST_INTERVAL) < 0 || interval.compareTo(LONGEST_INTERVAL) > 0) {
                throw new IllegalArgumentException("interval must be from " + SHORTEST_INTERVAL + " to "
                        + LONGEST_INTERVAL + ", but was " + interval);
            }
            this.interval = interval;
            return this;
        }

        /** Meters that are bound to no registry yet. */
        public PatchkeyMetrics build() {
            return new PatchkeyMetrics(node, this);
        }
    }
}
