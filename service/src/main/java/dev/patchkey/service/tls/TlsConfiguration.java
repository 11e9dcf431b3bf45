package dev.patchkey.service.tls;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What TLS takes on the port of the API. */
@Configuration(proxyBeanMethods = false)
class TlsConfiguration {

    @Bean
    CertificateReload certificateReload(SslBundles bundles) {
        return new CertificateReload(bundles);
    }
}
