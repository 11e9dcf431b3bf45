package dev.patchkey.service.web;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.context.LifecycleProperties;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * Ends the connections of a port that is told to go, none before what has reached it is answered.
 *
 * <p>In place of Boot's graceful shutdown, which waits for the requests that are being handled, and when there is none at
 * some moment closes every connection, with what callers have sent and nobody has read yet. Jetty's part in that ends a
 * connection without a word if an answer is being written at that moment, though its caller may use it again.
 *
 * <p>Here each request is answered with {@code Connection: close} first, then {@linkplain ListeningEnd listening ends}, and
 * a connection is gone when its caller has closed it after its last answer. One on which nothing comes any more is closed
 * without a word, for which HTTP has no other way: a request may be on its way to it. So it is closed late, and never while
 * bytes wait to be read.
 */
@Component
class LastRequests implements WebServerFactoryCustomizer<JettyServletWebServerFactory>, SmartLifecycle, Ordered {

    /**
     * How long a connection must be still before it is closed: whoever asks again and again sends the next request sooner,
     * and is told.
     */
    private static final Duration STILL = Duration.ofSeconds(1);

    /** The end of listening may take one of them, so that there is time for the answers to what was accepted at last. */
    private static final int PARTS = 2;

    /** Short beside {@link #STILL}. */
    private static final Duration LOOK = Duration.ofMillis(20);

    private static final Logger log = LoggerFactory.getLogger(LastRequests.class);

    private final Duration most;

    /** Those accepted and not yet closed, from before Jetty has them among its own. */
    private final Set<SelectableChannel> open = ConcurrentHashMap.newKeySet();

    private volatile List<Port> ports = List.of();
    private volatile boolean running;

    @Autowired
    LastRequests(LifecycleProperties lifecycle) {
        this(lifecycle.getTimeoutPerShutdownPhase());
    }

    /** @param most how long it may take at most; what is still there then ends with the server */
    LastRequests(Duration most) {
        this.most = most;
    }

    private record Port(ServerConnector connector, ListeningEnd end) {}

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            ports = Stream.of(server.getConnectors())
                    .filter(ServerConnector.class::isInstance)
                    .map(ServerConnector.class::cast)
                    .map(connector -> new Port(connector, new ListeningEnd(connector)))
                    .toList();
            ports.forEach(port -> port.connector().getSelectorManager().addEventListener(new Opened()));
        });
    }

    private final class Opened implements SelectorManager.AcceptListener {

        @Override
        public void onAccepting(SelectableChannel channel) {
            open.add(channel);
        }

        @Override
        public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
            open.remove(channel);
        }

        @Override
        public void onClosed(SelectableChannel channel) {
            open.remove(channel);
        }
    }

    @Override
    public void stop() {
        running = false;
        long begun = System.nanoTime();
        ports.forEach(port -> announceClose(port.connector()));
        ports.forEach(port -> port.end().await(most.dividedBy(PARTS)));
        long ended = System.nanoTime();
        try {
            while (!open.isEmpty() && System.nanoTime() - begun < most.toNanos()) {
                Thread.sleep(LOOK);
                ports.forEach(port -> port.end().stopAccepting());
                if (System.nanoTime() - ended > STILL.toNanos()) {
                    ports.forEach(port -> closeStill(port.connector()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!open.isEmpty()) {
            log.warn("{} connections are closed with requests on them that took longer than {}", open.size(), most);
        }
    }

    /** From the next request of each connection on; a thread that does not see it yet leaves one more to come. */
    private static void announceClose(ServerConnector connector) {
        for (ConnectionFactory factory : connector.getConnectionFactories()) {
            if (factory instanceof HttpConfiguration.ConnectionFactory http) {
                http.getHttpConfiguration().setPersistentConnectionsEnabled(false);
            }
        }
    }

    private static void closeStill(ServerConnector connector) {
        for (EndPoint endPoint : connector.getConnectedEndPoints()) {
            if (endPoint instanceof AbstractEndPoint known
                    && known.getIdleFor() > STILL.toMillis()
                    && !hasUnread(known)
                    && !isBusy(known.getConnection())) {
                endPoint.close();
            }
        }
    }

    /** Whether bytes have arrived that Jetty has not come to read: to close now would throw them away. */
    private static boolean hasUnread(EndPoint endPoint) {
        try {
            return endPoint.getTransport() instanceof SocketChannel channel
                    && channel.socket().getInputStream().available() > 0;
        } catch (IOException e) {
            // The caller has closed, and Jetty is about to hear of it.
            return false;
        }
    }

    private static boolean isBusy(Connection connection) {
        Connection within =
                connection instanceof SslConnection tls ? tls.getSslEndPoint().getConnection() : connection;
        return within instanceof HttpConnection http
                && (http.getHttpChannel().getRequest() != null
                        || SlowRequests.isArriving(http)
                        || !http.isRequestBufferEmpty());
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** When nodes and watchers are gone, and before the web server does anything by itself. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE + 1;
    }

    /** Sees what is accepted before another may close it, as one connection too many. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }
}
