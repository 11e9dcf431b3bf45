package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.PodPeers.Answers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

class HazelcastPodPeersTest {

    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration BRIEF = Duration.ofMillis(300);

    private final List<HazelcastInstance> members = new ArrayList<>();
    private final List<String> gone = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        members.forEach(member -> member.getLifecycleService().terminate());
    }

    @Test
    void podsThatServeAnswerAndThoseThatAreLostAreMissedAtOnce() throws Exception {
        int[] ports = {freePort(), freePort()};
        HazelcastPodPeers first = new HazelcastPodPeers(member(ports[0], ports), "pod-1");
        first.serve(question -> question, gone::add);
        assertThat(first.foundOthers()).isFalse();
        assertThat(ask(first, "alone", LONG)).isEqualTo(Answers.none(List.of()));

        HazelcastInstance other = member(ports[1], ports);
        HazelcastPodPeers second = new HazelcastPodPeers(other, "pod-2");
        assertThat(ask(first, "not serving yet", LONG).unaccounted()).isEmpty();
        second.serve(question -> ("pod-2 heard " + text(question)).getBytes(StandardCharsets.UTF_8), pod -> {});
        assertThat(second.foundOthers()).isTrue();

        Answers answers = ask(first, "hello", LONG);
        assertThat(answers.unaccounted()).isEmpty();
        assertThat(said(answers, "pod-2")).isEqualTo("pod-2 heard hello");
        assertThat(said(ask(second, "back", LONG), "pod-1")).isEqualTo("back");

        second.close();
        assertThat(ask(first, "anybody?", BRIEF).unaccounted()).containsExactly("pod-2");

        other.getLifecycleService().terminate();
        Awaitility.await().atMost(LONG).until(() -> gone.contains("pod-2"));
        assertThat(ask(first, "alone again", LONG).unaccounted()).isEmpty();
        assertThat(gone).containsExactly("pod-2");
        first.close();
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void podsOfTheSameNameEachAnswerForThemselves(CapturedOutput output) throws Exception {
        int[] ports = {freePort(), freePort(), freePort()};
        List<HazelcastPodPeers> peers = new ArrayList<>();
        for (int port : ports) {
            HazelcastPodPeers pod = new HazelcastPodPeers(member(port, ports), "namesake");
            pod.serve(question -> question, gone::add);
            peers.add(pod);
        }
        assertThat(ask(peers.getFirst(), "hello", LONG).answers()).hasSize(2);
        assertThat(output).contains("Another live pod has the name namesake too: patchkey.channel.pod must be unique");
        peers.forEach(HazelcastPodPeers::close);
    }

    private static Answers ask(HazelcastPodPeers peers, String question, Duration timeout) {
        return peers.ask(question.getBytes(StandardCharsets.UTF_8), timeout);
    }

    private static String said(Answers answers, String pod) {
        return answers.names().entrySet().stream()
                .filter(each -> each.getValue().equals(pod))
                .map(each -> text(Objects.requireNonNull(answers.answers().get(each.getKey()))))
                .findFirst()
                .orElseThrow();
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }

    private HazelcastInstance member(int port, int[] ports) {
        List<String> all =
                Arrays.stream(ports).mapToObj(each -> "127.0.0.1:" + each).toList();
        Config config = ClusterConfig.of(new ClusterProperties(
                "peers-" + ports[0], port, "127.0.0.1", ClusterProperties.Discovery.STATIC, all, 2));
        HazelcastInstance member = Hazelcast.newHazelcastInstance(config);
        members.add(member);
        return member;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
