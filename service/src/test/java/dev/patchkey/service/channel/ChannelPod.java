package dev.patchkey.service.channel;

import dev.patchkey.service.limits.Places;
import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.FakeRegistry;
import dev.patchkey.service.propagation.FakeStore;
import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeHolds;
import dev.patchkey.service.propagation.PodCensus;
import dev.patchkey.service.propagation.PodLease;
import dev.patchkey.service.propagation.PodRegistration;
import dev.patchkey.service.propagation.Propagator;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.Refusals;
import dev.patchkey.service.store.LonePod;
import dev.patchkey.service.store.PodPeers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The channel on a real Jetty, with a store in memory. */
final class ChannelPod implements AutoCloseable {
    static final Duration HELLO_TIMEOUT = Duration.ofMillis(500);

    /** More than a test opens. */
    private static final int MOST_OF_A_CALLER = 1000;

    final FakeStore store;
    final LiveNodes nodes;
    final Cluster cluster;
    final Channel channel;
    private final FakeRegistry registry = new FakeRegistry();
    private final PodRegistration registration;
    private final NodeHolds holds;
    private final Propagator propagator;
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);

    ChannelPod(FakeStore store, Duration lease, Duration stuckAfter) {
        this.store = store;
        LeaseTimes times = new LeaseTimes(lease, stuckAfter);
        PodPeers alone = new LonePod("pod-1");
        PodLease podLease = new PodLease(Duration.ofSeconds(30), System::nanoTime);
        nodes = new LiveNodes(times, System::nanoTime, InstantSource.system(), podLease::stands);
        cluster = new Cluster(nodes, alone, new PodCensus(registry, alone.id(), System::nanoTime));
        registration = new PodRegistration(registry, alone, podLease, nodes, lease, System::nanoTime);
        holds = new NodeHolds(store);
        propagator = new Propagator(
                store, store, nodes, cluster, registration, holds, times, Duration.ofDays(30), System::nanoTime);
        channel = new Channel(
                nodes,
                cluster,
                registration,
                holds,
                store,
                store,
                times,
                new ChannelMetrics(new SimpleMeterRegistry()),
                HELLO_TIMEOUT,
                new Places(MOST_OF_A_CALLER),
                caller -> true);
        ServletContextHandler context = new ServletContextHandler();
        ServletHolder holder = new ServletHolder(
                new ChannelServlet(channel, request -> Caller.EVERYBODY, new Refusals(new SimpleMeterRegistry())));
        holder.setInitOrder(1);
        context.addServlet(holder, ChannelServlet.PATH);
        server.setHandler(context);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
    }

    static ChannelPod start(FakeStore store) {
        return start(store, Duration.ofSeconds(15), Duration.ofSeconds(30));
    }

    static ChannelPod start(FakeStore store, Duration lease, Duration stuckAfter) {
        ChannelPod pod = new ChannelPod(store, lease, stuckAfter);
        try {
            pod.propagator.start();
            pod.server.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        pod.channel.start();
        return pod;
    }

    int port() {
        return connector.getLocalPort();
    }

    URI uri(String scheme) {
        return URI.create(scheme + "://127.0.0.1:" + port() + ChannelServlet.PATH);
    }

    @Override
    public void close() {
        try {
            if (channel.isRunning()) {
                channel.stop();
            }
            server.stop();
            propagator.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        registration.close();
        cluster.close();
        holds.close();
    }
}
