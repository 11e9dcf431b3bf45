package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.store.hazelcast.ClusterProperties.Discovery;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A member port that others may reach is one that anybody may join by, and the log says so. */
@ExtendWith(OutputCaptureExtension.class)
class OpenMemberPortTest {

    private static void start(String address) {
        HazelcastConfiguration.warnOfOpenPort(
                new ClusterProperties("test", 5701, address, Discovery.NONE, List.of(), 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "192.0.2.1", "::", "no-such-host.invalid"})
    void oneThatOthersMayReachIsWarnedOfInOneLineWithWhatToDo(String address, CapturedOutput output) {
        start(address);
        assertThat(output.getAll().lines().filter(line -> line.contains("patchkey.cluster.address is " + address)))
                .singleElement()
                .asString()
                .contains("WARN")
                .contains("nothing is encrypted and nobody authenticated")
                .contains("whoever reaches port 5701 can join the cluster")
                .contains("docs/how-to/secure.md");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "localhost", "::1"})
    void oneThatThisMachineAloneReachesIsNot(String address, CapturedOutput output) {
        start(address);
        assertThat(output.getAll()).doesNotContain("patchkey.cluster.address");
    }
}
