package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.hazelcast.ClusterProperties.Discovery;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Whom a member joins, and whom it does not. */
class JoinTest {
    private static final int PORT = 25_861;
    private static final List<String> MEMBERS = List.of("127.0.0.1:" + PORT, "127.0.0.1:" + (PORT + 1));

    private static Config config(String name, int port) {
        Config config = ClusterConfig.of(new ClusterProperties(name, port, "127.0.0.1", Discovery.STATIC, MEMBERS, 2));
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        config.setProperty("hazelcast.max.join.seconds", "10");
        return config;
    }

    @Test
    void aMemberOfAnotherClusterNameIsNoPartOfThisOne() {
        HazelcastInstance one = Hazelcast.newHazelcastInstance(config("a-" + UUID.randomUUID(), PORT));
        HazelcastInstance two = Hazelcast.newHazelcastInstance(config("b-" + UUID.randomUUID(), PORT + 1));
        try {
            assertThat(one.getCluster().getMembers()).hasSize(1);
            assertThat(two.getCluster().getMembers()).hasSize(1);
        } finally {
            one.getLifecycleService().terminate();
            two.getLifecycleService().terminate();
        }
    }

    @Test
    void aMemberThatIsRefusedSaysWhatToDo() {
        String name = "refused-" + UUID.randomUUID();
        HazelcastInstance one = Hazelcast.newHazelcastInstance(config(name, PORT));
        try {
            // Refused for another reason than its version, of which there is one here: in the same way.
            Config other = config(name, PORT + 1).setProperty("hazelcast.partition.count", "11");
            Throwable refused = catchThrowable(() -> Hazelcast.newHazelcastInstance(other));
            assertThat(Objects.requireNonNull(new JoinRefusedAnalyzer().analyze(refused))
                            .getAction())
                    .contains("patchkey.cluster.name")
                    .contains("docs/how-to/upgrade-hazelcast.md");
        } finally {
            one.getLifecycleService().terminate();
        }
    }

    @Test
    void noticesThatTheOthersDoNotLookForIt() {
        assertThat(new ClusterProperties("c", PORT, "127.0.0.1", Discovery.STATIC, MEMBERS, 2).isMissingFromMembers())
                .isFalse();
        assertThat(new ClusterProperties("c", PORT + 5, "127.0.0.1", Discovery.STATIC, MEMBERS, 2)
                        .isMissingFromMembers())
                .isTrue();
        assertThat(new ClusterProperties("c", PORT + 5, "127.0.0.1", Discovery.STATIC, List.of("pod-1"), 2)
                        .isMissingFromMembers())
                .as("of names nothing can be said")
                .isFalse();
    }
}
