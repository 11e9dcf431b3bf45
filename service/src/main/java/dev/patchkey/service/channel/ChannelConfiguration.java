package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeHolds;
import dev.patchkey.service.propagation.PropagationMetrics;
import dev.patchkey.service.propagation.Propagator;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.ReferenceCounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
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
    LiveNodes liveNodes(LeaseTimes times) {
        return new LiveNodes(times, System::nanoTime, InstantSource.system());
    }

    /** The barrier, and the nodes of all pods. */
    @Bean
    Cluster nodesOfTheCluster(LiveNodes nodes, ChannelProperties properties, ObjectProvider<PodPeers> peers) {
        return new Cluster(nodes, peers.getIfAvailable(() -> PodPeers.none(podName(properties))));
    }

    private static String podName(ChannelProperties properties) {
        if (!properties.pod().isEmpty()) {
            return properties.pod();
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "pod";
        }
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
            NodeHolds holds,
            LeaseTimes times) {
        return new Propagator(counts, incarnations, nodes, cluster, holds, times, System::nanoTime);
    }

    @Bean
    PropagationMetrics propagationMetrics(LiveNodes nodes, MeterRegistry registry) {
        return new PropagationMetrics(nodes, registry);
    }

    @Bean
    Channel channel(
            LiveNodes nodes,
            Cluster cluster,
            NodeHolds holds,
            Incarnations incarnations,
            ReferenceCounts counts,
            LeaseTimes times,
            MeterRegistry registry) {
        return new Channel(
                nodes,
                cluster,
                holds,
                incarnations,
                counts.view(),
                times,
                new ChannelMetrics(registry),
                Channel.HELLO_TIMEOUT);
    }

    @Bean
    ServletRegistrationBean<ChannelServlet> channelServlet(Channel channel) {
        ServletRegistrationBean<ChannelServlet> servlet =
                new ServletRegistrationBean<>(new ChannelServlet(channel), ChannelServlet.PATH);
        servlet.setLoadOnStartup(1);
        servlet.setAsyncSupported(true);
        return servlet;
    }
}
