package dev.patchkey.service.channel;

import dev.patchkey.service.limits.LimitProperties;
import dev.patchkey.service.limits.Places;
import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeHolds;
import dev.patchkey.service.propagation.PodCensus;
import dev.patchkey.service.propagation.PodLease;
import dev.patchkey.service.propagation.PodRegistration;
import dev.patchkey.service.propagation.Propagator;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.Credentials;
import dev.patchkey.service.security.Refusals;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.ReferenceCounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The beans of the channel and of propagation. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ChannelProperties.class)
public class ChannelConfiguration {

    @Bean
    LeaseTimes leaseTimes(ChannelProperties properties) {
        return properties.times();
    }

    @Bean
    PodLease podLease(ChannelProperties properties, PodRegistry registry) {
        properties.requirePodLeaseOf(registry.shortestLease());
        return new PodLease(properties.podLease(), System::nanoTime);
    }

    @Bean
    LiveNodes liveNodes(LeaseTimes times, PodLease lease) {
        return new LiveNodes(times, System::nanoTime, InstantSource.system(), lease::stands);
    }

    /** The barrier, and the nodes of all pods. */
    @Bean
    Cluster nodesOfTheCluster(LiveNodes nodes, PodPeers peers, PodRegistry registry) {
        return new Cluster(nodes, peers, new PodCensus(registry, peers.id(), System::nanoTime));
    }

    @Bean
    PodRegistration podRegistration(
            PodRegistry registry, PodPeers peers, PodLease lease, LiveNodes nodes, LeaseTimes times) {
        return new PodRegistration(registry, peers, lease, nodes, times.lease(), System::nanoTime);
    }

    /** The part {@code podLease} of the readiness of the pod: whether it may go on renewing its nodes' leases. */
    @Bean
    HealthIndicator podLeaseHealthIndicator(PodRegistration registration) {
        return () -> registration.hasLapsed()
                ? Health.outOfService()
                        .withDetail("reason", "The pod's own lease has ended, and its nodes are sent to other pods")
                        .build()
                : Health.up().build();
    }

    @Bean
    NodeHolds nodeHolds(ReferenceCounts counts) {
        return new NodeHolds(counts);
    }

    @Bean
    Propagator propagator(
            ReferenceCounts counts,
            Incarnations incarnations,
            LiveNodes nodes,
            Cluster cluster,
            PodRegistration registration,
            NodeHolds holds,
            LeaseTimes times,
            ChannelProperties properties) {
        return new Propagator(
                counts,
                incarnations,
                nodes,
                cluster,
                registration,
                holds,
                times,
                properties.forgetAfter(),
                System::nanoTime);
    }

    @Bean
    Channel channel(
            LiveNodes nodes,
            Cluster cluster,
            PodRegistration registration,
            NodeHolds holds,
            Incarnations incarnations,
            ReferenceCounts counts,
            LeaseTimes times,
            MeterRegistry registry,
            LimitProperties limits,
            Credentials credentials) {
        return new Channel(
                nodes,
                cluster,
                registration,
                holds,
                incarnations,
                counts.view(),
                times,
                new ChannelMetrics(registry),
                Channel.HELLO_TIMEOUT,
                new Places(limits.nodesPerCaller()),
                credentials::areGood);
    }

    @Bean
    ServletRegistrationBean<ChannelServlet> channelServlet(Channel channel, Refusals refusals) {
        ServletRegistrationBean<ChannelServlet> servlet = new ServletRegistrationBean<>(
                new ChannelServlet(channel, request -> Caller.of(request.getUserPrincipal()), refusals),
                ChannelServlet.PATH);
        servlet.setLoadOnStartup(1);
        servlet.setAsyncSupported(true);
        return servlet;
    }
}
