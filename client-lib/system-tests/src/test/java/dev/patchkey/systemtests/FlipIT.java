package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.ServiceProcess.Answer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key flips, end to end. */
class FlipIT {

    private static final String KEY = "/v1/keys/" + NodeMain.FLIP;
    private static final int FLIPS = 20;

    @ParameterizedTest
    @ValueSource(strings = {"jdbc", "hazelcast"})
    void awaitAppliedAnswers200OnlyWhenEachNodesLoopHasChangedItsPath(String store) {
        try (ServiceProcess service = new ServiceProcess("--patchkey.store=" + store).start();
                NodeProcess a = new NodeProcess(service.uri(), "node-a", 17).ready();
                NodeProcess b = new NodeProcess(service.uri(), "node-b", 25).ready();
                NodeProcess c = new NodeProcess(service.uri(), "node-c", 25).ready()) {
            for (int flip = 0; flip < FLIPS; flip++) {
                flip(service, "increment", "on", a, b, c);
                flip(service, "decrement", "off", a, b, c);
            }
            aLateNodeStartsWithTheKeyAsItIs(service);
        }
    }

    private static void flip(ServiceProcess service, String change, String path, NodeProcess... nodes) {
        Answer answer = service.post(KEY + "/" + change + "?await=applied&timeout=PT30S");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(answer.body().path("propagation").path("nodes").asInt()).isEqualTo(nodes.length);
        for (NodeProcess node : nodes) {
            assertThat(node.ask("path"))
                    .as("N8, S5: 200 means that every test on %s reflects the %s", node.id(), change)
                    .isEqualTo(path);
        }
    }

    private static void aLateNodeStartsWithTheKeyAsItIs(ServiceProcess service) {
        service.post(KEY + "/increment");
        try (NodeProcess late = new NodeProcess(service.uri(), "node-late", 25).ready()) {
            assertThat(late.ask("path")).isEqualTo("on");
            assertThat(late.ask("count " + NodeMain.FLIP)).isEqualTo("1");
        }
    }
}
