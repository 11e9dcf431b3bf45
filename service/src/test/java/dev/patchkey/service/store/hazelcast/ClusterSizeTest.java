package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.PatchkeyService;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** Pods of the store that is kept in memory whose {@code patchkey.cluster.size} is not what it should be. */
@ExtendWith(OutputCaptureExtension.class)
class ClusterSizeTest {
    private static final int FIRST_PORT = 25_871;

    private final String name = UUID.randomUUID().toString();

    private ConfigurableApplicationContext pod(int port, int size) {
        return new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--patchkey.store=hazelcast",
                        "--patchkey.cluster.name=" + name,
                        "--patchkey.cluster.port=" + port,
                        "--patchkey.cluster.discovery=static",
                        "--patchkey.cluster.members=127.0.0.1:" + FIRST_PORT,
                        "--patchkey.cluster.size=" + size);
    }

    @Test
    void podsThatAreMoreThanTheSizeOrEvenAreToldWhatToDo(CapturedOutput output) {
        try (ConfigurableApplicationContext one = pod(FIRST_PORT, 1)) {
            assertThat(output).doesNotContain("patchkey.cluster.size");
            try (ConfigurableApplicationContext two = pod(FIRST_PORT + 1, 2)) {
                assertThat(output).contains("patchkey.cluster.size is 2: one pod fewer would bear the loss of as many");
                await().atMost(Duration.ofSeconds(10))
                        .untilAsserted(() -> assertThat(output)
                                .contains("There are 2 pods and patchkey.cluster.size is 1")
                                .contains("Stop 1 of the pods, or raise patchkey.cluster.size of all"));
                assertThat(one.isRunning() && two.isRunning()).isTrue();
            }
        }
    }
}
