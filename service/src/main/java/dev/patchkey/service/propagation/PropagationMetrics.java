package dev.patchkey.service.propagation;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.util.concurrent.TimeUnit;

/** Shows how many nodes there are, and how far the slowest lags. */
public final class PropagationMetrics {

    public PropagationMetrics(LiveNodes nodes, MeterRegistry registry) {
        Gauge.builder("patchkey.nodes", nodes, live -> live.census().connected())
                .description("Live nodes of this pod")
                .tag("state", "connected")
                .register(registry);
        Gauge.builder("patchkey.nodes", nodes, live -> live.census().disconnected())
                .description("Live nodes of this pod")
                .tag("state", "disconnected")
                .register(registry);
        TimeGauge.builder(
                        "patchkey.nodes.lag",
                        nodes,
                        TimeUnit.NANOSECONDS,
                        live -> live.census().oldestUnconfirmed().toNanos())
                .description("Age of the oldest message that a node has not said to be applied")
                .register(registry);
    }
}
