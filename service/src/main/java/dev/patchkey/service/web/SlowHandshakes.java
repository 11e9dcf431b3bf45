package dev.patchkey.service.web;

import dev.patchkey.service.limits.LimitProperties;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.server.Connector;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Ends connections whose TLS handshake takes too long. Whoever opens one need show nothing yet, and an idle timeout does not
 * see a caller that sends one byte of it every few seconds.
 */
@Component
class SlowHandshakes implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    private final Duration most;

    SlowHandshakes(LimitProperties limits) {
        this.most = limits.handshakeTime();
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

    /** The handshakes of one server. */
    private final class Watch implements Connection.Listener, SslHandshakeListener {

        /**
         * One that has not ended.
         *
         * @param since when the connection was opened, by the monotonic clock
         */
        private record Handshake(SslConnection connection, long since) {}

        private final Map<SSLEngine, Handshake> underWay = new ConcurrentHashMap<>();

        @Override
        public void onOpened(Connection connection) {
            if (connection instanceof SslConnection tls) {
                underWay.put(tls.getSSLEngine(), new Handshake(tls, System.nanoTime()));
            }
        }

        @Override
        public void handshakeSucceeded(Event event) {
            underWay.remove(event.getSSLEngine());
        }

        @Override
        public void onClosed(Connection connection) {
            if (connection instanceof SslConnection tls) {
                underWay.remove(tls.getSSLEngine());
            }
        }

        void look() {
            long now = System.nanoTime();
            underWay.values().forEach(handshake -> {
                if (now - handshake.since() > most.toNanos()) {
                    handshake.connection().getEndPoint().close();
                }
            });
        }
    }
}
