package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.hazelcast.ClusterProperties.Discovery;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Whom a member joins, and whom it does not. */
class JoinTest {
    private static final int PORT = 25_861;
    private static final List<String> MEMBERS = List.of("127.0.0.1:" + PORT, "127.0.0.1:" + (PORT + 1));

    private static Config config(String name, int port) {
        Config config = ClusterConfig.of(
                new ClusterProperties(name, port, "127.0.0.1", Discovery.STATIC, MEMBERS, 2), TestCluster.AUTHORITY);
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
            // For another reason than its version, and in the same way.
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

    /** A real member of the minor version before this one, whose classes are kept apart from ours. */
    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void aMemberOfAnotherMinorVersionIsRefusedAndSaysWhatToDo(CapturedOutput output) throws Exception {
        String name = "other-version-" + UUID.randomUUID();
        URL earlier = Path.of("target/earlier/hazelcast.jar").toUri().toURL();
        try (URLClassLoader classes = new URLClassLoader(new URL[] {earlier}, ClassLoader.getPlatformClassLoader())) {
            Object member = earlierMember(classes, name);
            try {
                Throwable refused = catchThrowable(() -> Hazelcast.newHazelcastInstance(config(name, PORT + 1)));
                assertThat(output).contains("is not compatible with cluster version");
                assertThat(Objects.requireNonNull(new JoinRefusedAnalyzer().analyze(refused))
                                .getAction())
                        .contains("is not compatible with cluster version")
                        .contains("docs/how-to/upgrade-hazelcast.md");
            } finally {
                Object lifecycle = invoke(member, "com.hazelcast.core.HazelcastInstance", "getLifecycleService");
                invoke(lifecycle, "com.hazelcast.core.LifecycleService", "terminate");
            }
        }
    }

    private static Object earlierMember(ClassLoader classes, String name) throws Exception {
        Class<?> config = classes.loadClass("com.hazelcast.config.Config");
        Object loaded = config.getMethod("loadFromString", String.class).invoke(null, """
                hazelcast:
                  cluster-name: %s
                  network:
                    port:
                      port: %d
                    join:
                      auto-detection:
                        enabled: false
                      tcp-ip:
                        enabled: true
                        member-list: [127.0.0.1:%d]
                  properties:
                    hazelcast.local.localAddress: 127.0.0.1
                    hazelcast.socket.bind.any: false
                    hazelcast.wait.seconds.before.join: 0
                    hazelcast.phone.home.enabled: false
                    hazelcast.logging.type: none
                """.formatted(name, PORT, PORT));
        Object member = classes.loadClass("com.hazelcast.core.Hazelcast")
                .getMethod("newHazelcastInstance", config)
                .invoke(null, loaded);
        return Objects.requireNonNull(member);
    }

    private static Object invoke(Object target, String type, String method) throws ReflectiveOperationException {
        Class<?> declaring = target.getClass().getClassLoader().loadClass(type);
        Object result = declaring.getMethod(method).invoke(target);
        return result == null ? target : result;
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
