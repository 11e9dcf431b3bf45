package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The seed's program on three nodes while an operator counts beside them. */
class SeedProgramIT {

    private static final String KEY = "/v1/keys/" + NodeMain.SEED;
    private static final int THREADS = 8;
    private static final Duration RUN = Duration.ofSeconds(15);

    @ParameterizedTest
    @ValueSource(strings = {"jdbc", "hazelcast"})
    void noThreadThatHoldsTheKeyEverMissesItsBranch(String store) {
        try (ServiceProcess service = new ServiceProcess("--patchkey.store=" + store).start();
                NodeProcess a = new NodeProcess(service.uri(), "seed-a", 17).ready();
                NodeProcess b = new NodeProcess(service.uri(), "seed-b", 25).ready();
                NodeProcess c = new NodeProcess(service.uri(), "seed-c", 25).ready()) {
            List<NodeProcess> nodes = List.of(a, b, c);
            nodes.forEach(node -> node.ask("seed " + THREADS));
            int operated = operate(service);
            nodes.forEach(node -> assertThat(node.ask("stop")).isEqualTo("stopped"));

            assertThat(operated).as("the operator counted beside them").isPositive();
            for (NodeProcess node : nodes) {
                String[] result = node.ask("seeded").split(" ", -1);
                assertThat(Long.parseLong(result[0]))
                        .as("acquired by %s; %s failed", node.id(), result[2])
                        .isGreaterThan(THREADS);
                assertThat(result[1])
                        .as("N1, N2: branches missed by %s, the bug of kernel commit 4c5ea0a9cd02", node.id())
                        .isEqualTo("0");
            }
            Awaitility.await("each node has released its one hold")
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(service.get(KEY).count()).isZero());
        }
    }

    private static int operate(ServiceProcess service) {
        int operated = 0;
        long end = System.nanoTime() + RUN.toNanos();
        while (System.nanoTime() < end) {
            assertThat(service.post(KEY + "/increment").status()).isEqualTo(200);
            assertThat(service.post(KEY + "/decrement").status()).isEqualTo(200);
            operated++;
        }
        return operated;
    }
}
