package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastInstance;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Lets the pods of the cluster ask each other about their nodes. */
@Configuration(proxyBeanMethods = false)
class PodPeersConfiguration {

    @Bean(destroyMethod = "close")
    HazelcastPodPeers podPeers(HazelcastInstance hazelcast, @Value("${patchkey.channel.pod:}") String name) {
        return new HazelcastPodPeers(hazelcast, name);
    }
}
