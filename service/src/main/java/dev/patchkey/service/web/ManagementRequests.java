package dev.patchkey.service.web;

import dev.patchkey.service.limits.LimitProperties;
import dev.patchkey.service.security.Refusals;
import java.time.Duration;
import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.jetty.autoconfigure.JettyServerProperties;
import org.springframework.context.annotation.Bean;
import tools.jackson.databind.json.JsonMapper;

/**
 * What bounds requests on a port of the management's own, which has an application context of its own: named in
 * {@code META-INF/spring}, and no component, or the scan would find it for the port of the API too.
 */
@ConditionalOnManagementPort(ManagementPortType.DIFFERENT)
final class ManagementRequests {

    /** For the requests in flight on this port. It ends after the port of the API, so that its time comes on top. */
    private static final Duration LAST_REQUESTS = Duration.ofSeconds(2);

    @Bean
    static LastRequests managementLastRequests() {
        return new LastRequests(LAST_REQUESTS);
    }

    @Bean
    static SlowRequests managementSlowRequests(LimitProperties limits) {
        return new SlowRequests(limits);
    }

    @Bean
    static SlowHandshakes managementSlowHandshakes(LimitProperties limits) {
        return new SlowHandshakes(limits);
    }

    @Bean
    static AddressConnections managementAddressConnections(
            JettyServerProperties jetty, LimitProperties limits, Refusals refusals) {
        return new AddressConnections(jetty, limits, refusals);
    }

    @Bean
    static JettyProblems managementJettyProblems(JsonMapper json) {
        return new JettyProblems(json);
    }
}
