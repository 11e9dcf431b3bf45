package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import dev.patchkey.service.store.PodPeers.Answers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HazelcastPodPeersTest {

    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration BRIEF = Duration.ofMillis(300);

    private final List<HazelcastInstance> members = new ArrayList<>();

    @AfterEach
    void stop() {
        members.forEach(member -> member.getLifecycleService().terminate());
    }

    @Test
    void podsThatServeAnswerAndThoseThatAreLostAreNotWaitedFor() throws Exception {
        int[] ports = {freePort(), freePort()};
        HazelcastPodPeers first = new HazelcastPodPeers(member(ports[0], ports), "pod-1");
        first.serve(question -> question);

        HazelcastInstance other = member(ports[1], ports);
        HazelcastPodPeers second = new HazelcastPodPeers(other, "pod-2");
        assertThat(ask(first, "not serving yet", BRIEF, second).silent()).containsExactly(second.id());
        second.serve(question -> ("pod-2 heard " + text(question)).getBytes(StandardCharsets.UTF_8));

        Answers answers = ask(first, "hello", LONG, second);
        assertThat(answers.silent()).isEmpty();
        assertThat(said(answers, second)).isEqualTo("pod-2 heard hello");
        assertThat(said(ask(second, "back", LONG, first), first)).isEqualTo("back");
        assertThat(ask(first, "not asked", LONG)).isEqualTo(new Answers(Map.of(), Set.of()));

        second.close();
        assertThat(ask(first, "anybody?", BRIEF, second).silent()).containsExactly(second.id());

        other.getLifecycleService().terminate();
        Awaitility.await()
                .atMost(LONG)
                .untilAsserted(() -> assertThat(ask(first, "alone again", LONG, second))
                        .as("no member, and so not waited for")
                        .isEqualTo(new Answers(Map.of(), Set.of())));
        first.close();
    }

    @Test
    void podsOfTheSameNameEachAnswerForThemselves() throws Exception {
        int[] ports = {freePort(), freePort(), freePort()};
        List<HazelcastPodPeers> peers = new ArrayList<>();
        for (int port : ports) {
            HazelcastPodPeers pod = new HazelcastPodPeers(member(port, ports), "namesake");
            pod.serve(question -> question);
            peers.add(pod);
        }
        assertThat(ask(peers.getFirst(), "hello", LONG, peers.get(1), peers.get(2))
                        .answers())
                .hasSize(2);
        peers.forEach(HazelcastPodPeers::close);
    }

    @Test
    void podsThatWereSplitAndHaveMergedAnswerEachOtherAgainByTheSameIds() throws Exception {
        int[] ports = {freePort(), freePort()};
        HazelcastInstance one = member(ports[0], ports);
        HazelcastInstance two = member(ports[1], ports);
        HazelcastPodPeers first = new HazelcastPodPeers(one, "pod-1");
        HazelcastPodPeers second = new HazelcastPodPeers(two, "pod-2");
        first.serve(question -> question);
        second.serve(question -> question);
        assertThat(ask(first, "hello", LONG, second).silent()).isEmpty();

        CountDownLatch merged = new CountDownLatch(1);
        for (HazelcastInstance member : members) {
            Membership.onMerged(member, merged::countDown);
        }
        suspectTheOther(two, one);
        suspectTheOther(one, two);
        Awaitility.await()
                .atMost(LONG)
                .until(() -> one.getCluster().getMembers().size() == 1
                        && two.getCluster().getMembers().size() == 1);
        assertThat(ask(first, "apart", LONG, second)).isEqualTo(new Answers(Map.of(), Set.of()));

        assertThat(merged.await(60, TimeUnit.SECONDS)).as("merged").isTrue();
        Awaitility.await().atMost(LONG).untilAsserted(() -> {
            assertThat(said(ask(first, "again", BRIEF, second), second)).isEqualTo("again");
            assertThat(said(ask(second, "back", BRIEF, first), first)).isEqualTo("back");
        });
        first.close();
        second.close();
    }

    /** As a member does that has not heard of another for too long. */
    private static void suspectTheOther(HazelcastInstance member, HazelcastInstance other) {
        ((HazelcastInstanceProxy) member)
                .getOriginal()
                .node
                .getClusterService()
                .suspectMember(
                        ((HazelcastInstanceProxy) member)
                                .getOriginal()
                                .node
                                .getClusterService()
                                .getMember(other.getCluster().getLocalMember().getUuid()),
                        "the test says so",
                        true);
    }

    private static Answers ask(HazelcastPodPeers peers, String question, Duration timeout, HazelcastPodPeers... asked) {
        Set<String> ids = Arrays.stream(asked).map(HazelcastPodPeers::id).collect(Collectors.toSet());
        return peers.ask(question.getBytes(StandardCharsets.UTF_8), ids, timeout);
    }

    private static String said(Answers answers, HazelcastPodPeers pod) {
        return text(Objects.requireNonNull(answers.answers().get(pod.id())));
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }

    private HazelcastInstance member(int port, int[] ports) {
        List<String> all =
                Arrays.stream(ports).mapToObj(each -> "127.0.0.1:" + each).toList();
        Config config = ClusterConfig.of(
                new ClusterProperties(
                        "peers-" + ports[0], port, "127.0.0.1", ClusterProperties.Discovery.STATIC, all, 2),
                TestCluster.AUTHORITY);
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
