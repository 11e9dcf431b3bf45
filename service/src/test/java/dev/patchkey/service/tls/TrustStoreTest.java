package dev.patchkey.service.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.PatchkeyService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** No port takes client certificates that just any authority has signed. */
@ExtendWith(OutputCaptureExtension.class)
class TrustStoreTest {

    @ParameterizedTest
    @CsvSource({
        "bare, trusting, server.ssl.bundle",
        "trusting, bare, management.server.ssl.bundle",
    })
    void aPortThatAsksForCertificatesMustSayWhoSignsThem(
            String bundle, String managementBundle, String named, CapturedOutput output, @TempDir Path directory) {
        TestCertificates certificates = TestCertificates.get();
        List<String> arguments = new ArrayList<>(List.of(
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0",
                "--patchkey.cluster.name=" + UUID.randomUUID(),
                "--server.port=0",
                "--server.ssl.bundle=" + bundle,
                "--server.ssl.client-auth=want",
                "--management.server.port=0",
                "--management.server.address=127.0.0.1",
                "--management.server.ssl.bundle=" + managementBundle,
                "--management.server.ssl.client-auth=want",
                "--patchkey.security.certificates[0].subject=CN=checkout,OU=Shop,O=Example",
                "--patchkey.security.certificates[0].name=checkout",
                "--patchkey.security.certificates[0].role=node",
                "--patchkey.security.certificates[0].prefixes=*",
                "--spring.ssl.bundle.jks.trusting.truststore.type=PKCS12",
                "--spring.ssl.bundle.jks.trusting.truststore.location=file:" + certificates.trusted,
                "--spring.ssl.bundle.jks.trusting.truststore.password=" + TestCertificates.PASSWORD));
        for (String each : List.of("bare", "trusting")) {
            String keys = "--spring.ssl.bundle.jks." + each + ".keystore.";
            arguments.add(keys + "type=PKCS12");
            arguments.add(keys + "location=file:" + certificates.served);
            arguments.add(keys + "password=" + TestCertificates.PASSWORD);
        }
        assertThatThrownBy(() -> SpringApplication.run(PatchkeyService.class, arguments.toArray(String[]::new)))
                .isNotNull();
        assertThat(output.getAll())
                .contains("APPLICATION FAILED TO START")
                .contains("\n" + named + " must name a bundle with a trust store");
    }
}
