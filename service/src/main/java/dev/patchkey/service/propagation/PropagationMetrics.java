package dev.patchkey.service.propagation;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.util.concurrent.TimeUnit;

/** Shows how many nodes there are, how far the slowest lags, and what is left of the pod's own lease. */
public final class PropagationMetrics {

    public PropagationMetrics(LiveNodes nodes, PodLease lease, MeterRegistry registry) {
        TimeGauge.builder(
                        "patchkey.pod.lease.rest",
                        lease,
                        TimeUnit.NANOSECONDS,
                        each -> each.rest().toNanos())
                .description("For how long this pod may go on renewing its nodes' leases without the store")
                .register(registry);
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
