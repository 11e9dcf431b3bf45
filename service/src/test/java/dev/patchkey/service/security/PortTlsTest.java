package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

/** A port where tokens travel readable is said to be one, each by its name. */
@ExtendWith(OutputCaptureExtension.class)
class PortTlsTest {

    @ParameterizedTest
    @CsvSource({
        "server.address=0.0.0.0, server",
        "server.address=, server",
        "server.address=127.0.0.1, ''",
        "server.address=0.0.0.0 server.ssl.bundle=b, ''",
        "server.address=0.0.0.0 server.ssl.key-store=k, ''",
        "server.address=0.0.0.0 server.ssl.certificate=c, ''",
        "server.address=0.0.0.0 server.ssl.bundle=b server.ssl.enabled=false, server",
        "server.address=0.0.0.0 server.ssl.client-auth=none, server",
        // Without an address of its own the port of the management is open on all, and has no part in the other's TLS.
        "server.address=0.0.0.0 server.ssl.bundle=b management.server.port=8081, management.server",
        "server.address=127.0.0.1 management.server.port=8081, management.server",
        "server.address=127.0.0.1 management.server.port=8081 management.server.address=192.0.2.1, management.server",
        "server.address=127.0.0.1 management.server.port=8081 management.server.address=127.0.0.1, ''",
        "server.address=127.0.0.1 management.server.port=8081 management.server.ssl.bundle=b, ''",
        "server.address=0.0.0.0 management.server.port=8081, server management.server",
        "server.address=0.0.0.0 server.ssl.bundle=b management.server.port=8080, ''",
        "server.address=0.0.0.0 server.ssl.bundle=b management.server.port=-1, ''",
    })
    void eachPortWithoutTlsThatOthersReachIsWarnedOf(String settings, String ports, CapturedOutput output) {
        MockEnvironment environment = new MockEnvironment().withProperty("server.port", "8080");
        Arrays.stream(settings.split(" ", -1))
                .map(setting -> setting.split("=", 2))
                .forEach(setting -> environment.setProperty(setting[0], setting[1]));
        new PortTls(environment, new DefaultListableBeanFactory().getBeanProvider(SslBundles.class)).warnOfReadable();
        List<String> warned = output.getAll()
                .lines()
                .filter(line -> line.contains("travel readable to"))
                .toList();
        List<String> expected = ports.isEmpty() ? List.of() : List.of(ports.split(" ", -1));
        assertThat(warned).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(warned.get(i))
                    .contains(" " + expected.get(i) + ".ssl.bundle is not set", " to " + expected.get(i) + ".port,");
        }
    }
}
