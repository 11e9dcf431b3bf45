package dev.patchkey.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.channel.ChannelProperties;
import dev.patchkey.service.limits.LimitProperties;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** What is called as a setting of ours and is none does not go unnoticed, wherever it is written. */
@ExtendWith(OutputCaptureExtension.class)
class UnknownSettingsTest {

    @EnableConfigurationProperties({ChannelProperties.class, LimitProperties.class})
    private static final class Groups {}

    private static void start(Map<String, Object> properties, Map<String, Object> variables) {
        StandardEnvironment environment = new StandardEnvironment();
        MutablePropertySources sources = environment.getPropertySources();
        String ofSystem = StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME;
        String ofEnvironment = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        sources.replace(ofSystem, new MapPropertySource(ofSystem, properties));
        sources.replace(ofEnvironment, new SystemEnvironmentPropertySource(ofEnvironment, variables));
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.setEnvironment(environment);
            context.register(UnknownSettings.class, Groups.class);
            context.refresh();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"patchkey.stroe", "patchkey.chanel.lease", "patchkey.channel.leases", "patchkey.limits"})
    void aSystemPropertyThatIsNoSettingStopsTheStart(String name) {
        String setting = name.equals("patchkey.limits") ? name + ".burst.size" : name;
        assertThatThrownBy(() -> start(Map.of(setting, "1s"), Map.of()))
                .hasMessage(setting + " must be a setting of the service, and is none");
    }

    @Test
    void aSystemPropertyThatIsASettingIsTakenHoweverItIsWritten() {
        start(
                Map.of(
                        "patchkey.store", "jdbc",
                        "patchkey.channel.pod-lease", "40s",
                        "patchkey.limits.requestsPerSecond", "7",
                        "patchkeys.other", "1"),
                Map.of());
    }

    @Test
    void aVariableThatIsNoSettingIsToldOfButForThoseOfKubernetes(CapturedOutput output) {
        String[] unknown = {"PATCHKEY_STROE", "PATCHKEY_CHANNEL_LEASES", "PATCHKEY_VERSION"};
        String[] fine = {
            "PATCHKEY_STORE",
            "PATCHKEY_CHANNEL_PODLEASE",
            "PATCHKEY_CHANNEL_POD_LEASE",
            "PATCHKEY_PORT",
            "PATCHKEY_PORT_8080_TCP",
            "PATCHKEY_PORT_8080_TCP_ADDR",
            "PATCHKEY_SERVICE_HOST",
            "PATCHKEY_MEMBERS_SERVICE_PORT_HTTP",
            "MY_PATCHKEY_STROE",
        };
        Map<String, Object> variables = Arrays.stream(unknown).collect(Collectors.toMap(name -> name, name -> "10s"));
        for (String name : fine) {
            variables.put(name, name.contains("LEASE") ? "40s" : "jdbc");
        }
        start(Map.of(), variables);
        for (String name : unknown) {
            assertThat(output.getAll())
                    .containsOnlyOnce(name + " in the environment is no setting of the service: it is ignored");
        }
        assertThat(output.getAll().lines().filter(line -> line.contains("in the environment is no setting")))
                .hasSize(unknown.length);
    }
}
