package dev.patchkey.service.security;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.core.env.Environment;

/** What the settings say of the TLS of each port, that of the API and that of the management where it has its own. */
final class PortTls {

    private static final Logger log = LoggerFactory.getLogger(PortTls.class);

    /** What the settings of each port begin with, those of the API first. */
    private static final List<String> PORTS = List.of("server", "management.server");

    private final Environment environment;
    private final ObjectProvider<SslBundles> bundles;

    PortTls(Environment environment, ObjectProvider<SslBundles> bundles) {
        this.environment = environment;
        this.bundles = bundles;
    }

    /** Says of each port that others reach without TLS that what they show there can be read on its way. */
    void warnOfReadable() {
        for (String port : PORTS) {
            if (isThere(port)
                    && !isEncrypted(ssl(port))
                    && !ClosedByDefault.isLoopback(environment.getProperty(port + ".address", ""))) {
                log.warn(
                        "{}.ssl.bundle is not set: tokens and JWTs travel readable to {}.port, unless something else"
                                + " encrypts",
                        port,
                        port);
            }
        }
    }

    /** Whether the port of the API asks for client certificates, and none that asks takes those of any public authority. */
    boolean takesCertificates() {
        return asksForCertificates(PORTS.getFirst())
                && PORTS.stream().filter(this::asksForCertificates).allMatch(this::hasTrustStore);
    }

    /** @throws IllegalArgumentException if a port asks for certificates and takes those of any public authority */
    void requireTrustStores() {
        for (String port : PORTS) {
            CallerSettings.require(
                    !asksForCertificates(port) || hasTrustStore(port),
                    port
                            + ".ssl.bundle must name a bundle with a trust store, with the authority that signs the"
                            + " certificates of patchkey.security.certificates");
        }
    }

    private boolean asksForCertificates(String port) {
        Ssl ssl = ssl(port);
        return ssl != null
                && Ssl.isEnabled(ssl)
                && (ssl.getClientAuth() == Ssl.ClientAuth.WANT || ssl.getClientAuth() == Ssl.ClientAuth.NEED);
    }

    /** Without one, the certificate of whoever any public authority has certified would be taken for genuine. */
    private boolean hasTrustStore(String port) {
        Ssl ssl = ssl(port);
        String bundle = ssl == null ? null : ssl.getBundle();
        return bundle != null
                && bundles.getObject().getBundle(bundle).getStores().getTrustStore() != null;
    }

    private static boolean isEncrypted(@Nullable Ssl ssl) {
        return ssl != null
                && Ssl.isEnabled(ssl)
                && (ssl.getBundle() != null || ssl.getKeyStore() != null || ssl.getCertificate() != null);
    }

    private boolean isThere(String port) {
        return port.equals(PORTS.getFirst()) || ManagementPortType.get(environment) == ManagementPortType.DIFFERENT;
    }

    /** Null where nothing is said, or for a port that is not there. */
    private @Nullable Ssl ssl(String port) {
        return isThere(port)
                ? Binder.get(environment).bind(port + ".ssl", Ssl.class).orElse(null)
                : null;
    }
}
