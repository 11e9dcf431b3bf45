package dev.patchkey.service.tls;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.util.Collections;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;

/**
 * Has a port show the new certificate, and trust the new authorities, when its bundle changes; Boot does so for other web
 * servers. Connections that stand go on.
 */
final class CertificateReload implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    private static final Logger log = LoggerFactory.getLogger(CertificateReload.class);

    private final SslBundles bundles;

    CertificateReload(SslBundles bundles) {
        this.bundles = bundles;
    }

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> {
            // By now all customizers have said what they have to say of the port.
            Ssl ssl = factory.getSsl();
            String bundle = ssl == null ? null : ssl.getBundle();
            if (bundle != null && Ssl.isEnabled(ssl)) {
                bundles.addBundleUpdateHandler(bundle, changed -> reload(server, bundle, changed));
            }
        });
    }

    private static void reload(Server server, String name, SslBundle changed) {
        try {
            // Found out before Jetty lets go of what it has.
            var unused = changed.createSslContext();
            requireKey(changed);
            for (Connector connector : server.getConnectors()) {
                SslConnectionFactory tls = connector.getConnectionFactory(SslConnectionFactory.class);
                if (tls != null) {
                    tls.getSslContextFactory().reload(port -> set(port, changed));
                }
            }
            log.info("The certificates of the bundle {} have changed: new connections are shown the new ones", name);
        } catch (Exception e) {
            log.error("The new certificates of the bundle {} cannot be used, and the old ones stay: {}", name, root(e));
        }
    }

    /** A bundle without a key makes a good context, and a port that nobody can connect to. */
    private static void requireKey(SslBundle bundle) throws KeyStoreException {
        KeyStore keys = bundle.getStores().getKeyStore();
        if (keys != null) {
            for (String alias : Collections.list(keys.aliases())) {
                if (keys.isKeyEntry(alias)) {
                    return;
                }
            }
        }
        throw new KeyStoreException("the bundle has no key");
    }

    private static void set(SslContextFactory port, SslBundle bundle) {
        SslStoreBundle stores = bundle.getStores();
        port.setKeyStore(stores.getKeyStore());
        port.setTrustStore(stores.getTrustStore());
        port.setKeyStorePassword(stores.getKeyStorePassword());
        port.setKeyManagerPassword(bundle.getKey().getPassword());
    }

    /** What went wrong, without the text of an exception that could quote a key. */
    private static String root(Exception e) {
        Throwable cause = e;
        // A bound against a cycle of causes.
        for (int depth = 0; cause.getCause() != null && depth < 16; depth++) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName();
    }
}
