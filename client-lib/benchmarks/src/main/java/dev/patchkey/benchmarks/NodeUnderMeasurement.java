package dev.patchkey.benchmarks;

import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;

/** One node, made by reflection in a class loader of its own. */
public final class NodeUnderMeasurement implements AutoCloseable {

    private static final StaticKey KEY = StaticKey.of("benchmark.flip");

    private final Patchkey patchkey;

    public NodeUnderMeasurement(URI service) {
        patchkey = Patchkey.builder(service).application("benchmark").start();
        if (!patchkey.awaitReady(Duration.ofSeconds(60))) {
            throw new IllegalStateException(KEY.name() + ": " + patchkey.status());
        }
    }

    @Override
    public void close() {
        patchkey.close();
    }
}
