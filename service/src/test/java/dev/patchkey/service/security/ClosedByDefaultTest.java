package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.PatchkeyService;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

/** A service that knows no credentials is for its own machine alone. */
@ExtendWith(OutputCaptureExtension.class)
class ClosedByDefaultTest {

    private static void check(String settings) {
        MockEnvironment environment = new MockEnvironment()
                .withProperty("server.port", "8080")
                .withProperty("server.forward-headers-strategy", "none");
        Arrays.stream(settings.split(" ", -1))
                .filter(setting -> !setting.isEmpty())
                .map(setting -> setting.split("=", 2))
                .forEach(setting -> environment.setProperty(setting[0], setting[1]));
        new ClosedByDefault(environment).postProcessBeanFactory(new DefaultListableBeanFactory());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server.address=127.0.0.1",
                "server.address=127.1.2.3",
                "server.address=::1",
                "server.address=localhost",
                "server.address=127.0.0.1 management.server.port=8080",
                "server.address=127.0.0.1 management.server.port=08080",
                "server.address=127.0.0.1 management.server.port=-1",
                "server.address=127.0.0.1 management.server.port=-2",
                "server.address=127.0.0.1 management.server.port=8081 management.server.address=127.0.0.1",
                "server.address=0.0.0.0 patchkey.security.open=true",
                "server.address=0.0.0.0 patchkey.security.tokens-file=/run/tokens.yaml",
                "server.address=0.0.0.0 patchkey.security.tokens[0].name=a",
                "server.address=0.0.0.0 spring.security.oauth2.resourceserver.jwt.issuer-uri=https://i"
                        + " spring.security.oauth2.resourceserver.jwt.audiences=patchkey"
                        + " patchkey.security.jwt.prefixes-claim=patchkey_prefixes",
            })
    void startsWhereNobodyElseIsOrTheCallersAreKnown(String settings) {
        assertThatCode(() -> check(settings)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server.address=0.0.0.0",
                "server.address=::",
                "server.address=192.0.2.1",
                "server.address=",
                "",
                "server.address=127.0.0.1 management.server.port=8081",
                "server.address=127.0.0.1 server.port=0 management.server.port=0",
                "server.address=127.0.0.1 management.server.port=0 management.server.address=0.0.0.0",
                "server.address=0.0.0.0 spring.security.oauth2.resourceserver.jwt.issuer-uri=",
            })
    void refusesToStartWhereOthersAreAndNobodyIsKnown(String settings) {
        assertThatThrownBy(() -> check(settings))
                .isInstanceOf(OpenToOthersException.class)
                .hasMessageContaining("server.address");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server.forward-headers-strategy=native|server.forward-headers-strategy must be none",
                "server.forward-headers-strategy=framework|server.forward-headers-strategy must be none",
                "server.forward-headers-strategy=|server.forward-headers-strategy must be none",
                "patchkey.security.open=true patchkey.security.tokens-file=/x|patchkey.security.open must be false",
                "spring.security.oauth2.resourceserver.jwt.issuer-uri=https://i|jwt.audiences must name this service",
                "spring.security.oauth2.resourceserver.jwt.issuer-uri=https://i"
                        + " spring.security.oauth2.resourceserver.jwt.audiences=patchkey"
                        + "|patchkey.security.jwt.prefixes-claim must name the claim",
                "spring.security.oauth2.resourceserver.jwt.issuer-uri=https://i"
                        + " spring.security.oauth2.resourceserver.jwt.audiences=patchkey"
                        + " patchkey.security.jwt.prefixes-claim="
                        + "|patchkey.security.jwt.prefixes-claim must name the claim",
                "patchkey.security.certificates[0].subject=CN=a patchkey.security.certificates[0].name=a"
                        + " patchkey.security.certificates[0].role=operator"
                        + "|patchkey.security.certificates[0].prefixes must be 1 to 100",
                "patchkey.security.certificates[0].subject=CN=a patchkey.security.certificates[0].name=a"
                        + " patchkey.security.certificates[0].role=node patchkey.security.certificates[0].prefixes=*"
                        + "|server.ssl.client-auth want or need",
                "patchkey.security.certificates[0].subject=a patchkey.security.certificates[0].name=a"
                        + " patchkey.security.certificates[0].role=node patchkey.security.certificates[0].prefixes=*"
                        + "|subject must be a distinguished name",
            })
    void refusesWhatWouldNotDoWhatItSays(String settingsAndRule) {
        String[] parts = settingsAndRule.split("\\|", -1);
        assertThatThrownBy(() -> check("server.address=127.0.0.1 " + parts[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(parts[1]);
    }

    /** Were it taken for none, the service would let everybody in where it seemed closed. */
    @Test
    void jwtsThatCannotBeReadStopTheStart(CapturedOutput output, @TempDir Path directory) {
        assertThatThrownBy(() -> SpringApplication.run(
                        PatchkeyService.class,
                        "--server.port=0",
                        "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0",
                        "--patchkey.cluster.name=" + UUID.randomUUID(),
                        "--spring.security.oauth2.resourceserver.jwt.jwk-set-uri=false",
                        "--spring.security.oauth2.resourceserver.jwt.audiences=patchkey",
                        "--patchkey.security.jwt.prefixes-claim=patchkey_prefixes"))
                .isNotNull();
        assertThat(output.getAll().substring(output.getAll().lastIndexOf("APPLICATION FAILED TO START")))
                .contains("spring.security.oauth2.resourceserver.jwt.jwk-set-uri must be a URI with http or https")
                .doesNotContain("\tat ");
    }

    @Test
    void theFailureNamesTheSettingsThatMendIt(CapturedOutput output) {
        assertThatThrownBy(() ->
                        SpringApplication.run(PatchkeyService.class, "--server.port=0", "--server.address=0.0.0.0"))
                .isNotNull();
        assertThat(output.getAll().substring(output.getAll().lastIndexOf("APPLICATION FAILED TO START")))
                .contains("server.address is 0.0.0.0")
                .contains("patchkey.security.tokens")
                .contains("patchkey.security.tokens-file")
                .contains("spring.security.oauth2.resourceserver.jwt.issuer-uri")
                .contains("patchkey.security.certificates")
                .contains("patchkey.security.open")
                .contains("server.address=127.0.0.1")
                .doesNotContain("\tat ");
    }
}
