package dev.patchkey.service.web;

import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.limits.LimitProperties;
import dev.patchkey.service.limits.Places;
import dev.patchkey.service.security.Refusals;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.springframework.boot.jetty.autoconfigure.JettyServerProperties;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Bounds the connections of a port, and closes those of an address that has as many as it may, before anything is read from
 * them: whoever opens them need show nothing, and without this could take all that the port has.
 */
@Component
class AddressConnections implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    /**
     * How many connections the kernel may keep for a port until they are accepted; it has a bound of its own, 4,096 on
     * Linux. Of the default of 50 too many come at once when a fleet reconnects: to a queue that is full their callers are
     * connected, and the server hears of them seconds later.
     */
    private static final int WAITING = 4096;

    private final int mostOfAll;
    private final int most;
    private final Refusals refusals;

    AddressConnections(JettyServerProperties jetty, LimitProperties limits, Refusals refusals) {
        this.mostOfAll = jetty.getMaxConnections();
        this.most = limits.connectionsPerAddress();
        this.refusals = refusals;
    }

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            // Boot's own is bound to the connectors that its TLS replaces after that.
            server.getBeans(NetworkConnectionLimit.class).forEach(server::removeBean);
            if (mostOfAll > 0) {
                server.addBean(new NetworkConnectionLimit(mostOfAll, server.getConnectors()));
            }
            Counted counted = new Counted();
            for (Connector connector : server.getConnectors()) {
                if (connector instanceof ServerConnector network) {
                    network.setAcceptQueueSize(WAITING);
                    network.getSelectorManager().addEventListener(counted);
                }
            }
        });
    }

    /** The connections of one port. */
    private final class Counted implements SelectorManager.AcceptListener {

        private final Places places = new Places(most);

        /** By connection the address as it is counted. */
        private final Map<SelectableChannel, String> open = new ConcurrentHashMap<>();

        @Override
        public void onAccepting(SelectableChannel channel) {
            String address = address(channel);
            if (places.tryTake(address)) {
                open.put(channel, address);
            } else {
                refusals.count(Refusals.Reason.TOO_MANY_CONNECTIONS, address);
                // What comes next fails on it, and Jetty forgets it.
                IO.close(channel);
            }
        }

        @Override
        public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
            onClosed(channel);
        }

        @Override
        public void onClosed(SelectableChannel channel) {
            String address = open.remove(channel);
            if (address != null) {
                places.giveBack(address);
            }
        }

        private static String address(SelectableChannel channel) {
            try {
                if (channel instanceof SocketChannel socket
                        && socket.getRemoteAddress() instanceof InetSocketAddress remote
                        && remote.getAddress() != null) {
                    return Addresses.counted(remote.getAddress().getHostAddress());
                }
            } catch (IOException e) {
                // It has been closed already; all such count as one.
            }
            return Addresses.counted("");
        }
    }
}
