package dev.patchkey.service.store;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Set;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Sees to it that {@code patchkey.store} names a store, before anything depends on there being one; says how it is. */
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {

    private static final Set<String> STORES = Set.of("jdbc", "hazelcast");

    @Bean
    static BeanFactoryPostProcessor storeMustBeKnown(Environment environment) {
        String store = environment.getProperty("patchkey.store", "jdbc");
        return beans -> {
            if (!STORES.contains(store)) {
                throw new IllegalArgumentException("patchkey.store must be jdbc or hazelcast, and is " + store);
            }
        };
    }

    @Bean
    StoreMetrics storeMetrics(MeterRegistry registry) {
        return new StoreMetrics(registry);
    }

    /** The part {@code store} of the readiness of the pod. */
    @Bean
    ReadinessIndicator storeHealthIndicator(ReferenceCounts counts, StoreHealth health) {
        return new ReadinessIndicator(counts, health, InstantSource.system());
    }
}
