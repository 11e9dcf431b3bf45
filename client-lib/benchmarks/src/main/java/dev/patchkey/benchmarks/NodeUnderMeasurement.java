package dev.patchkey.benchmarks;

import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** One node, made by reflection in a class loader of its own. */
public final class NodeUnderMeasurement implements AutoCloseable {

    private static final List<StaticKey> KEYS = IntStream.range(0, PropagationBenchmark.KEYS)
            .mapToObj(PropagationBenchmark::key)
            .map(StaticKey::of)
            .toList();

    private final Patchkey patchkey;

    public NodeUnderMeasurement(URI service) {
        patchkey = Patchkey.builder(service).application("benchmark").start();
        if (!patchkey.awaitReady(Duration.ofSeconds(60))) {
            throw new IllegalStateException(KEYS.size() + " keys: " + patchkey.status());
        }
    }

    @Override
    public void close() {
        patchkey.close();
    }
}
