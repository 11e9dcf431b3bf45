package dev.patchkey.service.web;

import dev.patchkey.service.limits.LimitProperties;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Ends connections whose request takes too long to arrive. An idle timeout does not see a caller that sends one byte every
 * few seconds, and Jetty keeps no time for a whole request. Once its last byte is here, a request may wait for as long as
 * it is made for.
 */
@Component
class SlowRequests implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    /** From the first byte to before the last. */
    private static final Set<HttpParser.State> ARRIVING =
            EnumSet.range(HttpParser.State.METHOD, HttpParser.State.TRAILER);

    private final Duration most;

    SlowRequests(LimitProperties limits) {
        this.most = limits.requestTime();
    }

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            Watch watch = new Watch();
            for (Connector connector : server.getConnectors()) {
                connector.addBean(watch);
            }
            Rounds.begin(server, most, watch::look);
        });
    }

    /** Whether a part of a request is here, and its last byte is not. Read without a lock: to be looked at again. */
    static boolean isArriving(HttpConnection connection) {
        return ARRIVING.contains(connection.getParser().getState());
    }

    /** The connections of one server. */
    private final class Watch implements Connection.Listener {

        /** By connection the request that is arriving. */
        private final Map<HttpConnection, Arrival> connections = new ConcurrentHashMap<>();

        /**
         * A request that was seen on its way.
         *
         * @param request which one of the connection; -1 for none
         * @param since when it was first seen, by the monotonic clock
         */
        private record Arrival(long request, long since) {
            static final Arrival NONE = new Arrival(-1, 0);
        }

        @Override
        public void onOpened(Connection connection) {
            if (connection instanceof HttpConnection http) {
                connections.put(http, Arrival.NONE);
            }
        }

        @Override
        public void onClosed(Connection connection) {
            if (connection instanceof HttpConnection http) {
                connections.remove(http);
            }
        }

        void look() {
            connections.replaceAll(this::look);
        }

        private Arrival look(HttpConnection connection, Arrival before) {
            if (!isArriving(connection)) {
                return Arrival.NONE;
            }
            long request = connection.getMessagesIn();
            long now = System.nanoTime();
            if (before.request() != request) {
                return new Arrival(request, now);
            }
            if (now - before.since() > most.toNanos()) {
                connection.getEndPoint().close();
            }
            return before;
        }
    }
}
