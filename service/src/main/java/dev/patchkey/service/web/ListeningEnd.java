package dev.patchkey.service.web;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends listening on a port once the connections that wait to be accepted are.
 *
 * <p>The kernel opens connections by itself and queues them for the server. It resets what is in the queue when listening
 * ends, whatever callers have sent by then, and cannot be asked how much that is. But it keeps their order: so the pod
 * connects to itself, and when that connection is accepted, all before it have been. What has come behind it is taken
 * without waiting for more, and then listening ends, by the one thread that accepts connections, between two of them.
 * What is left is a connection that is just being opened; a caller may send on it, but none of it is ever read.
 */
final class ListeningEnd implements SelectorManager.AcceptListener {

    /** Far above what the kernel queues, which it goes on doing meanwhile. */
    private static final int MOST_WAITING = 10_000;

    private static final Logger log = LoggerFactory.getLogger(ListeningEnd.class);

    private final ServerConnector connector;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Where the pod's connection to itself comes from; null until there is one. */
    private volatile @Nullable SocketAddress own;

    ListeningEnd(ServerConnector connector) {
        this.connector = connector;
        connector.getSelectorManager().addEventListener(this);
    }

    /**
     * Returns when the port listens no longer, be it that what waits could not be accepted in time.
     *
     * @param most for what takes milliseconds unless the machine stands still, or the port has as many connections as it
     *     may; at least a millisecond
     */
    void await(Duration most) {
        if (!(connector.getTransport() instanceof ServerSocketChannel listening) || !listening.isOpen()) {
            return;
        }
        long begun = System.nanoTime();
        try (SocketChannel marker = SocketChannel.open()) {
            InetSocketAddress address = (InetSocketAddress) listening.getLocalAddress();
            InetAddress here =
                    address.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address.getAddress();
            // Bound before it connects, so that it is known when it is accepted.
            marker.bind(new InetSocketAddress(here, 0));
            own = marker.getLocalAddress();
            marker.socket().connect(new InetSocketAddress(here, address.getPort()), (int) most.toMillis());
            ended.get(most.toNanos() - (System.nanoTime() - begun), TimeUnit.NANOSECONDS);
        } catch (IOException | ExecutionException | TimeoutException e) {
            log.warn("Connections that waited to be accepted may have been reset: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        IO.close(listening);
        stopAccepting();
    }

    /** To be said again: that there is room for connections makes Jetty try to accept them, again and again. */
    void stopAccepting() {
        if (connector.isAccepting()) {
            connector.setAccepting(false);
        }
    }

    @Override
    public void onAccepting(SelectableChannel channel) {
        SocketAddress marker = own;
        if (marker != null
                && marker.equals(remote(channel))
                && connector.getTransport() instanceof ServerSocketChannel listening) {
            try {
                acceptRest(listening);
            } catch (IOException e) {
                log.warn("Connections that waited to be accepted may have been reset: {}", e.toString());
            } finally {
                IO.close(listening);
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

    /** As Jetty does, which can only wait for the next one. */
    private void acceptRest(ServerSocketChannel listening) throws IOException {
        listening.configureBlocking(false);
        for (int i = 0; i < MOST_WAITING; i++) {
            SocketChannel next = listening.accept();
            if (next == null) {
                return;
            }
            next.configureBlocking(false);
            next.socket().setTcpNoDelay(connector.getAcceptedTcpNoDelay());
            connector.getSelectorManager().accept(next);
        }
    }
}
