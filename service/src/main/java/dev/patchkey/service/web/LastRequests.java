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
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Ends the connections of a port that is told to go, none before what has reached it is answered.
 *
 * <p>Boot's graceful shutdown waits for the requests that are being handled and for nothing else: when there is none at
 * that moment, it closes every connection, with what has been sent on it and not been read, or read in part. So this waits
 * beside it. Since the port no longer listens, Jetty says {@code Connection: close} with each answer, and a connection is
 * let go of once its caller has closed it after that. One on which nothing comes any more is closed without a word, which
 * HTTP has no other way to do: its next request may be under way, so it is closed late, and never with bytes unread.
 */
@Component
class LastRequests implements WebServerFactoryCustomizer<JettyServletWebServerFactory>, SmartLifecycle {

    /**
     * How long a connection must be still before it is closed: a caller that asks again and again sends its next request
     * sooner, and is told.
     */
    static final Duration STILL = Duration.ofSeconds(1);

    /** As long as the requests in flight have; what is still here then ends with the server. */
    private static final Duration MOST = Duration.ofSeconds(8);

    /** Short beside {@link #STILL}. */
    private static final Duration LOOK = Duration.ofMillis(20);

    private static final int NEVER = -1;

    /** Those accepted and not yet closed, from before Jetty knows them as connections. */
    private final Set<SelectableChannel> open = ConcurrentHashMap.newKeySet();

    private volatile List<ServerConnector> connectors = List.of();
    private volatile boolean running;

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            if (factory.getShutdown() != Shutdown.GRACEFUL) {
                return;
            }
            connectors = Stream.of(server.getConnectors())
                    .filter(ServerConnector.class::isInstance)
                    .map(ServerConnector.class::cast)
                    .toList();
            for (ServerConnector connector : connectors) {
                // It would close what is idle, with bytes unread too, and fail what is being handled.
                connector.setShutdownIdleTimeout(NEVER);
                connector.getSelectorManager().addEventListener(new Opened());
            }
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

    private void awaitLast() {
        long begun = System.nanoTime();
        long elapsed = 0;
        try {
            while (!open.isEmpty() && elapsed < MOST.toNanos()) {
                Thread.sleep(LOOK);
                elapsed = System.nanoTime() - begun;
                if (elapsed > STILL.toNanos()) {
                    connectors.forEach(LastRequests::closeStill);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeStill(ServerConnector connector) {
        for (EndPoint endPoint : connector.getConnectedEndPoints()) {
            if (endPoint instanceof AbstractEndPoint known && isStill(known)) {
                endPoint.close();
            }
        }
    }

    private static boolean isStill(AbstractEndPoint endPoint) {
        // In this order: what has been read since it was asked makes the connection busy.
        return endPoint.getIdleFor() > STILL.toMillis() && !hasUnread(endPoint) && !isBusy(endPoint.getConnection());
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
    public void stop() {
        running = false;
        awaitLast();
    }

    @Override
    public void stop(Runnable callback) {
        // Beside the web server, whose part of this phase begins when this has returned.
        Thread.ofPlatform().name("patchkey-last-requests").start(() -> {
            try {
                stop();
            } finally {
                callback.run();
            }
        });
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** With the web server's own wait for its requests, in the time that both have together. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE;
    }
}
