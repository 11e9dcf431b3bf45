package dev.patchkey.service.metrics;

import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.PodLease;
import dev.patchkey.service.propagation.PropagationMetrics;
import dev.patchkey.service.store.Copies;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.StoreHealth;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The beans of what metrics show by name. */
@Configuration(proxyBeanMethods = false)
class MetricsConfiguration {

    @Bean
    PropagationMetrics propagationMetrics(
            LiveNodes nodes, Cluster cluster, PodLease lease, MetricsProperties properties, MeterRegistry registry) {
        return new PropagationMetrics(nodes, cluster, lease, properties.nodes(), registry);
    }

    @Bean
    Looks looks(
            ReferenceCounts counts,
            PropagationMetrics nodes,
            Copies copies,
            StoreHealth store,
            MetricsProperties properties,
            MeterRegistry registry) {
        EdgeMetrics edges = new EdgeMetrics(properties.keys(), registry, System::nanoTime);
        counts.view().subscribe(edges);
        return new Looks(
                new KeyMetrics(counts.view(), properties.keys(), registry),
                edges,
                new HoldMetrics(counts, properties.holds(), InstantSource.system(), registry),
                nodes,
                copies,
                store,
                properties.interval(),
                System::nanoTime,
                registry);
    }
}
