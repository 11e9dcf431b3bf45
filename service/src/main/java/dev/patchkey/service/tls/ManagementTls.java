package dev.patchkey.service.tls;

import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;

/**
 * What TLS takes on a port of the management's own, which has an application context of its own: named in
 * {@code META-INF/spring}, and no component, or the scan would find it for the port of the API too.
 */
@ConditionalOnManagementPort(ManagementPortType.DIFFERENT)
final class ManagementTls {

    @Bean
    static CertificateReload managementCertificateReload(SslBundles bundles) {
        return new CertificateReload(bundles);
    }
}
