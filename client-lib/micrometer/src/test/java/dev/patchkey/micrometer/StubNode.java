package dev.patchkey.micrometer;

import dev.patchkey.client.Figures;
import dev.patchkey.client.Hold;
import dev.patchkey.client.KeyChange;
import dev.patchkey.client.KeyRebind;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.Status;
import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node that says what a test has it say. */
final class StubNode implements Patchkey {

    volatile Status.Phase phase = Status.Phase.READY;
    volatile @Nullable String pod = "pod-0";
    volatile Map<String, Integer> callSites = Map.of("a", 1, "b", 3, "c", 1);
    volatile long edges = 7;
    final AtomicInteger asked = new AtomicInteger();
    final List<Consumer<KeyRebind>> listeners = new CopyOnWriteArrayList<>();

    void rebind(KeyRebind rebind) {
        listeners.forEach(listener -> listener.accept(rebind));
    }

    @Override
    public Status status() {
        return new Status(phase, Instant.EPOCH, "stub", pod, 0, null, null, 1, 40, 2, 0, null, null);
    }

    @Override
    public Figures figures() {
        asked.incrementAndGet();
        return new Figures(
                3,
                Duration.ofMillis(1_500),
                5,
                Duration.ofMillis(250),
                new Figures.Waiting(4, 3, 2, 1),
                new Figures.Edges(edges, 6, Duration.ofSeconds(1), Duration.ofMillis(500)),
                9,
                11,
                1,
                callSites);
    }

    @Override
    public Registration onRebind(Consumer<KeyRebind> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public Registration onChange(Consumer<KeyChange> listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Hold acquire(StaticKey key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Hold acquire(StaticKey key, Duration timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean awaitReady(Duration timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
