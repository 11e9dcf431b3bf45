package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;

/** The stores as Spring wires them, from the settings alone. */
class StoreSelectionTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @ComponentScan(basePackageClasses = ReferenceCounts.class)
    static class Stores {}

    private static ConfigurableApplicationContext run(String... settings) {
        // The rest of what readiness is made of is not here.
        List<String> arguments = new ArrayList<>(List.of(
                "--patchkey.cluster.port=25801",
                "--management.endpoint.health.group.readiness.include=readinessState,store"));
        for (String setting : settings) {
            arguments.add("--" + setting);
        }
        return new SpringApplicationBuilder(Stores.class)
                .web(WebApplicationType.NONE)
                .run(arguments.toArray(String[]::new));
    }

    @Test
    void theDefaultIsADatabaseInAFile(@TempDir Path directory) {
        try (ConfigurableApplicationContext context =
                run("spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0")) {
            assertThat(context.getBean(ReferenceCounts.class).view().isOrderedAcrossKeys())
                    .isTrue();
            assertThat(context.getBeansOfType(Incarnations.class)).hasSize(1);
            assertThat(context.getBean(StoreHealth.class).report().state()).isEqualTo(StoreHealth.State.AVAILABLE);
        }
    }

    @Test
    void aStartThatIsToldToBeginsANewEpoch(@TempDir Path directory) {
        String database = "spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0";
        List<Long> epochs = new ArrayList<>();
        for (String setting : List.of("", "patchkey.epoch.begin-new=true", "patchkey.epoch.begin-new=false")) {
            try (ConfigurableApplicationContext context = setting.isEmpty() ? run(database) : run(database, setting)) {
                epochs.add(
                        context.getBean(ReferenceCounts.class).view().version().epoch());
            }
        }
        assertThat(epochs.get(1)).isGreaterThan(epochs.get(0));
        assertThat(epochs.get(2)).isEqualTo(epochs.get(1));
    }

    @Test
    void withoutADatabaseNoneIsStarted() {
        try (ConfigurableApplicationContext context = run("patchkey.store=hazelcast")) {
            assertThat(context.getBean(ReferenceCounts.class).view().isOrderedAcrossKeys())
                    .isFalse();
            assertThat(context.getBeansOfType(Incarnations.class)).hasSize(1);
            assertThat(context.getBean(StoreHealth.class).report().state()).isEqualTo(StoreHealth.State.AVAILABLE);
            assertThat(context.containsBean("dataSource")).isFalse();
            assertThat(context.containsBean("flyway")).isFalse();
        }
    }

    @Test
    void refusesAStoreThatItDoesNotKnow() {
        assertThatThrownBy(() -> run("patchkey.store=redis"))
                .hasMessage("patchkey.store must be jdbc or hazelcast, and is redis");
    }

    @Test
    void refusesAClusterThatCannotBe() {
        assertThatThrownBy(() -> run("patchkey.store=hazelcast", "patchkey.cluster.size=0"))
                .rootCause()
                .hasMessage("patchkey.cluster.size must be 1 to 99, and is 0");
        assertThatThrownBy(() -> run("patchkey.store=hazelcast", "patchkey.cluster.discovery=static"))
                .rootCause()
                .hasMessageContaining("patchkey.cluster.members must name the pods");
        assertThatThrownBy(() -> run("patchkey.store=hazelcast", "patchkey.cluster.size=3"))
                .rootCause()
                .hasMessageContaining("patchkey.cluster.size must be 1 where patchkey.cluster.discovery is none");
    }

    @Test
    void refusesAnH2ThatAcknowledgesBeforeItWrites(@TempDir Path directory) {
        assertThatThrownBy(() -> run("spring.datasource.url=jdbc:h2:file:" + directory.resolve("db")))
                .rootCause()
                .hasMessageContaining("must have WRITE_DELAY=0");
    }
}
