package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Propagation on one pod without threads: each step happens when the test says so. */
final class Pod implements View.Listener {
    static final Duration LEASE = Duration.ofSeconds(15);
    static final Duration STUCK = Duration.ofSeconds(5);

    final FakeStore store;
    final LiveNodes nodes;
    private final List<View.Entry> fed = new ArrayList<>();
    private boolean replaced;
    long now = 1_000_000_000_000L;

    Pod(FakeStore store) {
        this(store, Reached.APPLIED);
    }

    Pod(FakeStore store, Reached rule) {
        this.store = store;
        this.nodes = new LiveNodes(
                new LeaseTimes(LEASE, STUCK), () -> now, InstantSource.fixed(Instant.EPOCH), () -> true, rule);
        listen();
    }

    /** One by a clock and a lease that are the test's. */
    Pod(FakeStore store, LongSupplier nanoClock, BooleanSupplier mayConfirm) {
        this.store = store;
        this.nodes = new LiveNodes(
                new LeaseTimes(LEASE, Duration.ofMinutes(10)),
                nanoClock,
                InstantSource.fixed(Instant.EPOCH),
                mayConfirm);
        listen();
    }

    private void listen() {
        store.subscribe(this);
        nodes.replaceAll(store.snapshot(), store.isOrderedAcrossKeys());
    }

    @Override
    public void changed(View.Entry entry) {
        fed.add(entry);
    }

    @Override
    public void replaced(Version version) {
        fed.clear();
        replaced = true;
    }

    /** What the feeder's thread does in one turn. */
    void feed() {
        if (replaced) {
            replaced = false;
            nodes.replaceAll(store.snapshot(), store.isOrderedAcrossKeys());
        }
        List<View.Entry> entries = List.copyOf(fed);
        fed.clear();
        nodes.offer(entries);
        nodes.begin(store::snapshot);
        nodes.flushHeldBack();
    }

    /** Lets time pass, with the sweeps that belong to it. */
    List<NodeSession> pass(Duration time) {
        List<NodeSession> ended = new ArrayList<>();
        for (long left = time.toNanos(); left > 0; left -= LiveNodes.SWEEP_INTERVAL.toNanos()) {
            now += Math.min(left, LiveNodes.SWEEP_INTERVAL.toNanos());
            ended.addAll(nodes.sweep());
        }
        return ended;
    }

    FakeNode connect(String node) {
        return FakeNode.connect(nodes, node, 1, node + "-1").ready();
    }

    /** A node that has applied its snapshot. */
    FakeNode connectAndApply(String node) {
        FakeNode connected = connect(node);
        feed();
        return connected.applyAll();
    }

    PodProgress ask(String key, Version version) {
        try {
            return nodes.await(new KeyName(key), version, Duration.ZERO);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
