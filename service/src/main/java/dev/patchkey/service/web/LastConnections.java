package dev.patchkey.service.web;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Ends listening when the pod is told to go, once the connections that wait to be accepted are.
 *
 * <p>The kernel opens connections by itself and queues them for the server; it resets those that are in the queue when
 * listening ends, whatever their callers have sent already. Nobody can ask how many there are. But the queue is in order:
 * so the pod connects to itself, and when that connection is accepted, all before it are. What came behind it is taken
 * without waiting, and then listening ends, by the thread that accepts connections, between two of them.
 */
@Component
// Sees what is accepted before another may close it, as one connection too many.
@Order(Ordered.HIGHEST_PRECEDENCE)
class LastConnections implements WebServerFactoryCustomizer<JettyServletWebServerFactory>, SmartLifecycle {

    /** For what takes milliseconds unless the machine stands still, or the port has as many connections as it may. */
    private static final Duration MOST = Duration.ofSeconds(1);

    /** Above what the kernel queues; it may add to them meanwhile. */
    private static final int MOST_WAITING = 10_000;

    private static final Logger log = LoggerFactory.getLogger(LastConnections.class);

    private volatile List<Listening> ports = List.of();
    private volatile boolean running;

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            if (factory.getShutdown() != Shutdown.GRACEFUL) {
                return;
            }
            ports = Stream.of(server.getConnectors())
                    .filter(ServerConnector.class::isInstance)
                    .map(connector -> new Listening((ServerConnector) connector))
                    .toList();
            ports.forEach(port -> port.connector.getSelectorManager().addEventListener(port));
        });
    }

    /** One port, as long as it listens. */
    private static final class Listening implements SelectorManager.AcceptListener {

        private final ServerConnector connector;
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        /** Where the pod's connection to itself comes from; null until there is one. */
        private volatile @Nullable SocketAddress own;

        Listening(ServerConnector connector) {
            this.connector = connector;
        }

        void end() {
            long begun = System.nanoTime();
            try (SocketChannel marker = SocketChannel.open()) {
                if (connector.getTransport() instanceof ServerSocketChannel port
                        && port.getLocalAddress() instanceof InetSocketAddress address) {
                    InetAddress here = address.getAddress().isAnyLocalAddress()
                            ? InetAddress.getLoopbackAddress()
                            : address.getAddress();
                    marker.bind(new InetSocketAddress(here, 0));
                    own = marker.getLocalAddress();
                    marker.socket().connect(new InetSocketAddress(here, address.getPort()), (int) MOST.toMillis());
                    ended.get(MOST.toNanos() - (System.nanoTime() - begun), TimeUnit.NANOSECONDS);
                }
            } catch (IOException | ExecutionException | TimeoutException e) {
                log.warn("Connections that wait to be accepted may be reset: {}", e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            CompletableFuture<Void> unused = connector.shutdown();
        }

        @Override
        public void onAccepting(SelectableChannel channel) {
            SocketAddress marker = own;
            if (marker != null && marker.equals(remote(channel))) {
                try {
                    takeRest();
                } finally {
                    ended.complete(null);
                }
            }
        }

        private static @Nullable SocketAddress remote(SelectableChannel channel) {
            try {
                return channel instanceof SocketChannel socket ? socket.getRemoteAddress() : null;
            } catch (IOException e) {
                return null;
            }
        }

        private void takeRest() {
            if (!(connector.getTransport() instanceof ServerSocketChannel port)) {
                return;
            }
            try {
                port.configureBlocking(false);
                for (int i = 0; i < MOST_WAITING; i++) {
                    SocketChannel next = port.accept();
                    if (next == null) {
                        break;
                    }
                    next.configureBlocking(false);
                    next.socket().setTcpNoDelay(connector.getAcceptedTcpNoDelay());
                    connector.getSelectorManager().accept(next);
                }
            } catch (IOException e) {
                log.warn("Connections that wait to be accepted may be reset", e);
            } finally {
                IO.close(port);
            }
        }
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        ports.forEach(Listening::end);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Just before the web server ends listening in its own way. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE + 1;
    }
}
