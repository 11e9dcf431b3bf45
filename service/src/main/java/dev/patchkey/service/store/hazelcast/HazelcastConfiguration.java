package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.Authority;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.Copies;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.StoreMetrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The Hazelcast member of this pod, and what either store makes of it. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ClusterProperties.class)
class HazelcastConfiguration {
    private static final Logger log = LoggerFactory.getLogger(HazelcastConfiguration.class);

    @Bean(destroyMethod = "shutdown")
    HazelcastInstance hazelcast(ClusterProperties properties, Authority authority) {
        warnOfOpenPort(properties);
        HazelcastInstance member = Hazelcast.newHazelcastInstance(ClusterConfig.of(properties, authority));
        try {
            Strangers.requireNoneBefore(member);
        } catch (IllegalStateException e) {
            // In order, with what it was given meanwhile handed back.
            member.shutdown();
            throw e;
        }
        Strangers.watch(member);
        int port = member.getCluster().getLocalMember().getAddress().getPort();
        log.info(
                "Pod of cluster {} at {}:{}, with {} of {} pods",
                properties.name(),
                properties.address(),
                port,
                member.getCluster().getMembers().size(),
                properties.size());
        if (port != properties.port()) {
            log.warn(
                    "Port {} is taken, so this pod uses {}; with discovery none nobody looks for it",
                    properties.port(),
                    port);
        }
        if (properties.isMissingFromMembers()) {
            log.warn(
                    "This pod is at {}:{}, which patchkey.cluster.members does not name: the other pods do not look for"
                            + " it, and it is part of the cluster only if it finds them",
                    properties.address(),
                    properties.port());
        }
        return member;
    }

    /** Of the partitions that this pod has; with those of the other pods, of all. */
    @Bean
    Copies copies(HazelcastInstance hazelcast) {
        return () -> hazelcast.getPartitionService().isLocalMemberSafe();
    }

    @Bean
    MeterBinder clusterMetrics(HazelcastInstance hazelcast, ClusterProperties properties) {
        return registry -> {
            Gauge.builder(
                            "patchkey.cluster.members",
                            hazelcast,
                            member -> member.getCluster().getMembers().size())
                    .description("Pods that this one sees, itself among them")
                    .register(registry);
            Gauge.builder("patchkey.cluster.size", properties, ClusterProperties::size)
                    .description("Pods that there are when all are well")
                    .strongReference(true)
                    .register(registry);
            Gauge.builder("patchkey.cluster.quorum", properties, ClusterProperties::quorum)
                    .description("More than half of the size; fewer take no change on the hazelcast store")
                    .strongReference(true)
                    .register(registry);
        };
    }

    static void warnOfOpenPort(ClusterProperties properties) {
        if (properties.isOpenToOthers()) {
            log.warn(
                    "patchkey.cluster.address is {}: between members nothing is encrypted and nobody authenticated, so whoever"
                            + " reaches port {} can join the cluster and change every count. Let nothing but the pods"
                            + " reach it (docs/how-to/secure.md, The network)",
                    properties.address(),
                    properties.port());
        }
    }

    /** With a database behind it, the map is a copy and any pod may commit. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(name = "patchkey.store", havingValue = "jdbc", matchIfMissing = true)
    static class BesideDatabase {

        @Bean
        CountsMap countsMap(HazelcastInstance hazelcast) {
            return new PublishedMap(hazelcast);
        }

        @Bean
        CommitterRoute committerRoute(HazelcastInstance hazelcast) {
            return new PartitionRoute(hazelcast);
        }

        /** For an embedded database, whose one process is all that there is. */
        @Bean
        HazelcastPodRegistry podsInMemory(HazelcastInstance hazelcast) {
            return new HazelcastPodRegistry(hazelcast, new Membership(hazelcast, 1));
        }
    }

    /** With nothing behind it, the map is the authority. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(name = "patchkey.store", havingValue = "hazelcast")
    static class Alone {

        @Bean
        Authority authority() {
            return new Authority("hazelcast", null);
        }

        @Bean(destroyMethod = "close")
        HazelcastReferenceCounts referenceCounts(
                HazelcastInstance hazelcast, ClusterProperties properties, StoreMetrics metrics) {
            properties.requireSizeOfAllMembers();
            if (properties.size() % 2 == 0) {
                log.warn(
                        "patchkey.cluster.size is {}: one pod fewer would bear the loss of as many, since more than half"
                                + " must be left",
                        properties.size());
            }
            log.warn(
                    "Reference counts are kept in the memory of the pods alone (patchkey.store is hazelcast): the loss"
                            + " of more than {} pod at a time loses keys, and a stop of all pods loses all of them",
                    ClusterConfig.BACKUPS);
            Runnable check = () -> warnOfMorePodsThanTheSize(hazelcast, properties.size());
            Membership.onChange(hazelcast, check);
            check.run();
            HazelcastReferenceCounts counts =
                    new HazelcastReferenceCounts(hazelcast, new Membership(hazelcast, properties.quorum()), metrics);
            counts.start();
            log.info(
                    "Reference counts are kept in cluster {}: epoch {}, {} keys",
                    properties.name(),
                    counts.view().version().epoch(),
                    counts.view().snapshot().entries().size());
            return counts;
        }

        private static void warnOfMorePodsThanTheSize(HazelcastInstance hazelcast, int size) {
            int pods = Strangers.peers(hazelcast);
            if (pods > size) {
                log.error(
                        "There are {} pods and patchkey.cluster.size is {}: after a split either side may take changes,"
                                + " of which one's are lost. Stop {} of the pods, or raise patchkey.cluster.size of all",
                        pods,
                        size,
                        pods - size);
            }
        }

        @Bean
        QuorumHealth storeHealth(HazelcastInstance hazelcast, ClusterProperties properties) {
            return new QuorumHealth(hazelcast, new Membership(hazelcast, properties.quorum()));
        }

        @Bean
        HazelcastPodRegistry podRegistry(HazelcastInstance hazelcast, ClusterProperties properties) {
            return new HazelcastPodRegistry(hazelcast, new Membership(hazelcast, properties.quorum()));
        }

        @Bean
        HazelcastIncarnations incarnations(HazelcastInstance hazelcast, ClusterProperties properties) {
            return new HazelcastIncarnations(
                    hazelcast, new Membership(hazelcast, properties.quorum()), new SteadyClock());
        }
    }
}
