package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.propagation.FakeStore;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class ChannelTest {

    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final int HUNDRED = 100;

    private static FakeStore store;
    private static ChannelPod pod;

    @BeforeAll
    static void start() {
        store = new FakeStore();
        pod = ChannelPod.start(store);
    }

    @AfterAll
    static void stop() {
        pod.close();
    }

    @Test
    @Invariant(number = "S5", text = "\"Applied everywhere\" is never claimed wrongly")
    void aChangeIsAppliedEverywhereOnceTheNodeHasSaidSo() {
        WireNode node = WireNode.applied(pod, "flips");
        Version version = store.increment("flips.key");
        JsonNode change = node.expect("change");
        assertThat(change.get("n").longValue()).isEqualTo(2);
        assertThat(change.get("keys").get(0).toString())
                .isEqualTo("{\"key\":\"flips.key\",\"count\":1,\"revision\":" + version.revision() + "}");
        Propagation delivered = pod.cluster.await(new KeyName("flips.key"), version, AT_ONCE);
        assertThat(delivered.applied()).isFalse();
        assertThat(delivered.laggards()).extracting("node").contains("flips");
        node.apply(change);
        Awaitility.await()
                .atMost(LONG)
                .until(() -> pod.cluster.await(new KeyName("flips.key"), version, AT_ONCE).laggards().stream()
                        .noneMatch(laggard -> laggard.node().equals("flips")));
        bye(node);
    }

    @Test
    void whatIsHeldIsAcquiredAgainBeforeTheSnapshot() {
        WireNode node = WireNode.connect(pod);
        node.send(WireNode.helloOf("holder", UUID.randomUUID().toString(), "{\"key\":\"held.key\",\"operation\":4}"));
        JsonNode welcome = node.expect("welcome");
        assertThat(welcome.get("held").get(0).get("key").stringValue()).isEqualTo("held.key");
        assertThat(welcome.get("held").get(0).get("count").intValue()).isEqualTo(1);
        assertThat(welcome.get("leaseMillis").longValue()).isEqualTo(15_000);
        assertThat(welcome.get("heartbeatMillis").longValue()).isEqualTo(3_000);
        assertThat(node.expect("snapshot").get("keys").toString()).contains("held.key");
        assertThat(store.count("held.key")).isEqualTo(1);
        bye(node);
        Awaitility.await().atMost(LONG).until(() -> store.count("held.key") == 0);
    }

    @Test
    void aNewLifeSupersedesTheOldOneForGood() {
        WireNode old = WireNode.connect(pod);
        String oldLife = UUID.randomUUID().toString();
        old.send(WireNode.helloOf("lives", oldLife, "{\"key\":\"lives.key\",\"operation\":1}"));
        old.expect("welcome");
        WireNode young = WireNode.welcomed(pod, "lives");
        assertThat(old.skipTo("error").get("code").intValue()).isEqualTo(4409);
        assertThat(old.closeCode()).isEqualTo(4409);
        Awaitility.await().atMost(LONG).until(() -> store.count("lives.key") == 0);
        WireNode ghost = WireNode.connect(pod).hello("lives", oldLife);
        ghost.expect("error");
        assertThat(ghost.closeCode()).isEqualTo(4409);
        assertThat(young.isOpen()).isTrue();
        bye(young);
    }

    @Test
    void aHeartbeatIsAnsweredWithItsNumber() {
        WireNode node = WireNode.applied(pod, "beats");
        node.send("{\"type\":\"heartbeat\",\"seq\":1}");
        assertThat(node.skipTo("heartbeat").toString()).contains("\"seq\":1");
        node.send("{\"type\":\"heartbeat\",\"seq\":3}");
        assertThat(node.skipTo("error").get("detail").stringValue()).startsWith("seq must be 2");
        assertThat(node.closeCode()).isEqualTo(4400);
    }

    @Test
    void aPingIsAnswered() {
        WireNode node = WireNode.applied(pod, "pings");
        node.socket.sendPing(ByteBuffer.wrap(new byte[] {1, 2, 3})).join();
        assertThat(node.pong.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        bye(node);
    }

    @Test
    void aNodeThatKnowsMoreThanThePodIsSentElsewhere() {
        WireNode node = WireNode.connect(pod);
        node.send(WireNode.helloOf("ahead", UUID.randomUUID().toString(), "")
                .replace("\"held\"", "\"known\":{\"epoch\":1,\"revision\":1000000},\"held\""));
        assertThat(node.expect("behind").get("epoch").longValue()).isEqualTo(1);
        assertThat(node.closeCode()).isEqualTo(4503);
    }

    @Test
    void aChangeThatWaitsForAConfirmationComesAfterAMomentWithoutOne() {
        FakeStore own = new FakeStore();
        try (ChannelPod quiet = ChannelPod.start(own)) {
            WireNode node = WireNode.applied(quiet, "n1");
            own.increment("a");
            node.expect("change");
            own.increment("a");
            assertThat(node.expect("change").get("keys").get(0).get("count").intValue())
                    .isEqualTo(2);
        }
    }

    @Test
    void declaredCallSitesAreShown() {
        WireNode node = WireNode.applied(pod, "declares");
        node.send("{\"type\":\"declared\",\"keys\":{\"checkout.trace\":3}}");
        Awaitility.await()
                .atMost(LONG)
                .untilAsserted(() -> assertThat(pod.cluster.find("declares"))
                        .hasValueSatisfying(
                                found -> assertThat(found.callSites()).containsEntry("checkout.trace", 3)));
        assertThat(pod.cluster.all()).extracting("node").contains("declares");
        bye(node);
    }

    static List<Path> invalid() throws IOException {
        return NodeMessageReaderTest.invalid();
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void anInvalidMessageIsAnsweredAndClosesAndChangesNothing(Path file) throws IOException {
        JsonNode fixture = NodeMessageReaderTest.json(file);
        Version before = store.version();
        WireNode node = fixture.get("after").stringValue().equals("connect")
                ? WireNode.connect(pod)
                : WireNode.welcomed(pod, "invalid");
        node.send(fixture.get("message").stringValue());
        JsonNode error = node.skipTo("error");
        JsonNode expected = fixture.get("expect");
        assertThat(error.get("code")).isEqualTo(expected.get("code"));
        assertThat(error.get("detail").stringValue())
                .startsWith(expected.get("names").stringValue() + " must ");
        assertThat(node.closeCode()).isEqualTo(expected.get("code").intValue());
        assertThat(store.version()).isEqualTo(before);
    }

    @Test
    void aBinaryMessageIsRefused() {
        WireNode node = WireNode.welcomed(pod, "binary");
        node.socket.sendBinary(ByteBuffer.wrap(new byte[10]), true).join();
        assertThat(node.skipTo("error").get("detail").stringValue()).isEqualTo("message must be text");
        assertThat(node.closeCode()).isEqualTo(4400);
    }

    @Test
    void anOversizedMessageIsRefused() {
        WireNode node = WireNode.connect(pod);
        node.send("x".repeat(NodeMessageReader.LARGEST_MESSAGE + 1));
        assertThat(node.skipTo("error").get("detail").stringValue()).startsWith("message must be at most");
        assertThat(node.closeCode()).isEqualTo(1009);
    }

    @Test
    void aLargeMessageInPartsIsTakenWhole() {
        WireNode node = WireNode.connect(pod);
        String hello = WireNode.helloOf("parts", UUID.randomUUID().toString(), "")
                .replace("\"held\"", "\"later\":\"" + "x".repeat(900_000) + "\",\"held\"");
        for (int from = 0; from < hello.length(); from += 100_000) {
            int to = Math.min(hello.length(), from + 100_000);
            node.socket
                    .sendText(hello.substring(from, to), to == hello.length())
                    .join();
        }
        node.expect("welcome");
        bye(node);
    }

    @Test
    void eachConnectionThatSaysNothingIsClosed() {
        FakeStore own = new FakeStore();
        try (ChannelPod called = ChannelPod.start(own)) {
            for (int connection = 0; connection < 2; connection++) {
                WireNode node = WireNode.connect(called);
                assertThat(node.expect("error").get("detail").stringValue())
                        .as("connection %d", connection)
                        .startsWith("hello must arrive");
                assertThat(node.closeCode()).isEqualTo(4408);
            }
        }
    }

    @Test
    void aRequestThatDoesNotUpgradeIsToldTo() throws Exception {
        HttpResponse<String> response = WireNode.CLIENT.send(
                HttpRequest.newBuilder(pod.uri("http")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(426);
        assertThat(response.headers().firstValue("content-type")).hasValue("application/problem+json");
        assertThat(response.body()).contains("upgrade to websocket", "\"urn:patchkey:problem:upgrade-required\"");
    }

    @Test
    void aHundredNodesEachGetEveryKeysNewestState() {
        FakeStore own = new FakeStore();
        try (ChannelPod crowded = ChannelPod.start(own)) {
            List<WireNode> nodes = new ArrayList<>();
            for (int i = 0; i < HUNDRED; i++) {
                nodes.add(WireNode.applied(crowded, "n" + i));
            }
            Version version = own.increment("a");
            for (WireNode node : nodes) {
                node.apply(node.expect("change"));
            }
            Propagation propagation = crowded.cluster.await(new KeyName("a"), version, LONG);
            assertThat(propagation.applied()).isTrue();
            assertThat(propagation.nodes()).isEqualTo(HUNDRED);
        }
    }

    @Test
    void aNodeThatDoesNotReadIsDroppedAndDelaysNobody() throws Exception {
        FakeStore own = new FakeStore();
        for (int i = 0; i < 1000; i++) {
            own.increment("key-" + "x".repeat(100) + i);
        }
        try (ChannelPod slow = ChannelPod.start(own, Duration.ofSeconds(15), Duration.ofSeconds(1))) {
            WireNode stuck = WireNode.welcomed(slow, "stuck");
            stuck.stopReading();
            WireNode other =
                    WireNode.connect(slow).hello("other", UUID.randomUUID().toString());
            other.expect("welcome");
            other.apply(other.expect("snapshot"));
            long start = System.nanoTime();
            own.increment("key");
            other.apply(other.expect("change"));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
            Awaitility.await()
                    .atMost(LONG)
                    .untilAsserted(() -> assertThat(slow.cluster.find("stuck"))
                            .hasValueSatisfying(
                                    node -> assertThat(node.connected()).isFalse()));
            assertThat(slow.cluster.find("other").orElseThrow().connected()).isTrue();
        }
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds of the dead within lease + a bounded delay")
    void aNodeThatFallsSilentLosesItsHoldsAndIsTold() {
        FakeStore own = new FakeStore();
        try (ChannelPod brief = ChannelPod.start(own, Duration.ofSeconds(1), Duration.ofSeconds(10))) {
            WireNode node = WireNode.connect(brief);
            node.send(WireNode.helloOf("silent", UUID.randomUUID().toString(), "{\"key\":\"a\",\"operation\":1}"));
            node.expect("welcome");
            assertThat(own.count("a")).isEqualTo(1);
            assertThat(node.skipTo("error").get("code").intValue()).isEqualTo(4408);
            assertThat(node.closeCode()).isEqualTo(4408);
            Awaitility.await().atMost(LONG).until(() -> own.count("a") == 0);
            assertThat(brief.cluster.all()).isEmpty();
        }
    }

    @Test
    void atShutdownEveryNodeIsSentAwayBeforeTheServerStops() {
        ChannelPod ending = ChannelPod.start(new FakeStore());
        WireNode node = WireNode.applied(ending, "n1");
        WireNode mute = WireNode.connect(ending);
        ending.channel.stop();
        assertThat(node.closeCode()).isEqualTo(1001);
        assertThat(mute.closeCode()).isEqualTo(1001);
        ending.close();
    }

    @Test
    void aStoreThatDoesNotAnswerSendsNodesElsewhere() {
        FakeStore own = new FakeStore();
        try (ChannelPod unready = ChannelPod.start(own)) {
            own.unavailable = true;
            WireNode node =
                    WireNode.connect(unready).hello("n1", UUID.randomUUID().toString());
            assertThat(node.expect("error").get("detail").stringValue()).contains("the store");
            assertThat(node.closeCode()).isEqualTo(4503);
        }
    }

    private static void bye(WireNode node) {
        node.send("{\"type\":\"bye\"}");
        assertThat(node.closeCode()).isEqualTo(1000);
    }
}
