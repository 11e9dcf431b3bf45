package dev.patchkey.client;

import static dev.patchkey.client.Status.Phase.INCOMPATIBLE;
import static dev.patchkey.client.Status.Phase.READY;
import static dev.patchkey.client.Status.Phase.SUPERSEDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a pod sends, the node stays right and comes back by itself, unless it is told to stop for good. */
class MisbehavingPodTest extends NodeTest {

    /** Only the first session is misbehaved to. */
    private void firstSession(Consumer<FakeSession> misbehaviour) {
        fake.script = session -> {
            fake.script = null;
            misbehaviour.accept(session);
        };
    }

    private Patchkey comesBack() {
        StaticKey key = newKey("back");
        fake.set(key.name(), 1);
        Patchkey node = start(UnaryOperator.identity());
        assertThat(node.awaitReady(LONG)).as("ready: %s", node.status()).isTrue();
        eventually(key::isEnabled);
        eventually(() -> fake.sessions.size() >= 2);
        return node;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{\"type\":\"subscribe\"}",
                "{\"type\":\"welcome\"}",
                "{\"type\":\"change\",\"n\":1,\"epoch\":1,\"revision\":1,\"keys\":[{\"key\":\"a\",\"count\":1,\"revision\":1}]}",
                "{\"type\":\"heartbeat\",\"n\":0,\"epoch\":1,\"revision\":1,\"seq\":0}"
            })
    void garbageInPlaceOfAWelcomeIsAnsweredWith4400(String garbage) {
        firstSession(session -> session.sendRaw(garbage));
        comesBack();
        eventually(() -> fake.sessions.stream().anyMatch(session -> session.closedWith == 4400));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"change\",\"n\":3,\"epoch\":1,\"revision\":99,\"keys\":[{\"key\":\"garbage\",\"count\":1,\"revision\":99}]}",
                "{\"type\":\"change\",\"n\":1,\"epoch\":1,\"revision\":99,\"keys\":[{\"key\":\"garbage\",\"count\":1,\"revision\":99}]}",
                "{\"type\":\"change\",\"n\":2,\"epoch\":2,\"revision\":99,\"keys\":[{\"key\":\"garbage\",\"count\":1,\"revision\":99}]}",
                "{\"type\":\"change\",\"n\":2,\"epoch\":1,\"revision\":99,\"keys\":[{\"key\":\"garbage\",\"count\":-1,\"revision\":99}]}",
                "{\"type\":\"change\",\"n\":2,\"epoch\":1,\"revision\":99,\"keys\":[{\"key\":\"GARBAGE\",\"count\":1,\"revision\":99}]}",
                "{\"type\":\"heartbeat\",\"n\":2,\"epoch\":1,\"revision\":1,\"seq\":0}",
            })
    void aBrokenMessageAfterTheSnapshotChangesNothingAndEndsTheSession(String broken) {
        firstSession(session -> {
            fake.welcome(session);
            fake.snapshot(session);
            session.sendRaw(broken);
        });
        Patchkey node = comesBack();
        eventually(() -> fake.sessions.get(0).closedWith == 4400);
        assertThat(StaticKey.of("garbage").isEnabled()).isFalse();
        assertThat(node.status().attempts()).isLessThan(3);
    }

    /** Those that a message by itself shows are tested without a session too, in the codec's tests. */
    static List<Path> whatAPodMayNotSend() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../../docs/reference/protocol-fixtures/invalid"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("pod-"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource
    void whatAPodMayNotSend(Path file) throws IOException {
        Map<String, Object> fixture = Json.parse(Files.readString(file));
        Map<?, ?> expected = (Map<?, ?>) Objects.requireNonNull(fixture.get("expect"));
        String after = Json.text(fixture, "after");
        firstSession(session -> {
            if (!after.equals("hello")) {
                fake.welcome(session);
            }
            if (after.equals("snapshot")) {
                fake.snapshot(session);
            }
            session.sendRaw(Json.text(fixture, "message"));
        });
        comesBack();
        FakeSession first = fake.sessions.get(0);
        eventually(() -> first.closedWith == Json.number(expected, "code"));
        assertThat(first.closedBecause).contains(Json.text(expected, "names"));
    }

    @Test
    void aBinaryMessageEndsTheSession() {
        firstSession(FakeSession::sendBinary);
        comesBack();
    }

    @Test
    void aMessageLongerThanAllowedEndsTheSession() {
        firstSession(session -> session.sendInParts(" ".repeat(1_100_000), 16_000));
        comesBack();
    }

    @Test
    void aNumberThatIsSkippedLeadsToAResync() {
        StaticKey key = newKey("gap");
        Patchkey node = ready();
        FakeSession first = fake.session();
        first.nextNumber();
        fake.set(key.name(), 1);

        eventually(key::isEnabled);
        eventually(() -> first.closedWith == 4400);
        assertThat(fake.sessions).hasSize(2);
        assertThat(node.status().phase()).isEqualTo(READY);
    }

    @Test
    void aHeartbeatTellsOfAMissedMessage() {
        ready(UnaryOperator.identity());
        FakeSession first = fake.session();
        first.nextNumber();
        // No change follows: only the heartbeat can tell.
        eventually(() -> first.closedWith == 4400 && fake.sessions.size() == 2);
    }

    @Test
    void aPodThatFallsSilentIsLeftAfterThreeHeartbeats() {
        Patchkey node = ready();
        fake.session().mute = true;
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
    }

    @Test
    void aPodThatIsBehindIsLeft() {
        firstSession(session -> {
            session.sendRaw("{\"type\":\"behind\",\"epoch\":1,\"revision\":3}");
            fake.sessions.add(session);
        });
        comesBack();
    }

    @Test
    void aRefusedUpgradeIsSaidInTheStatus() {
        fake.refuseUpgrades = 503;
        Patchkey node = start(UnaryOperator.identity());
        eventually(() -> node.status().attempts() > 0);
        assertThat(node.status().lastError()).isEqualTo("the service answered 503 to the upgrade");
        fake.refuseUpgrades = 0;
        assertThat(node.awaitReady(LONG)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1009, 4400, 4408, 4410, 4429, 4503, 4999})
    void mostCloseCodesLeadToANewSession(int code) {
        Patchkey node = ready();
        fake.session().close(code, "because");
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
    }

    @Test
    void podsThatMoveANodeOnBeforeItIsReadyAreAskedMoreAndMoreSlowly() {
        fake.script = session -> session.close(1001, "shutting down");
        Patchkey node = start(UnaryOperator.identity());
        // With no backoff the delays would have a mean of half a second: 20 would take 10 s on average.
        eventually(() -> node.status().attempts() >= 6);
        Duration next = Duration.ZERO;
        for (int i = 0; i < 1000 && next.toMillis() <= 1_000; i++) {
            pause(Duration.ofMillis(5));
            Instant retry = node.status().nextRetry();
            next = retry == null ? next : Duration.between(Instant.now(), retry);
        }
        assertThat(next).as("longer than the spread of a pod's shutdown").isGreaterThan(Duration.ofSeconds(1));
        fake.script = null;
    }

    @Test
    void aSupersededNodeStopsForGoodAndSaysWhy() {
        StaticKey key = newKey("superseded");
        Patchkey node = ready();
        Hold hold = node.acquire(key);

        fake.session()
                .sendRaw("{\"type\":\"error\",\"code\":4409,\"problem\":\"superseded\",\"detail\":\"a later life\"}");
        fake.session().close(4409, "superseded");

        eventually(() -> node.status().phase() == SUPERSEDED);
        assertThat(node.status().lastError()).contains("superseded: a later life");
        assertThat(node.status().toString()).contains("stopped for good: superseded");
        eventually(() -> !hold.isLive());
        hold.close();
        assertThatThrownBy(() -> node.acquire(key))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.problem()).isEqualTo("superseded"))
                .hasMessageContaining("a later life");
        pause(A_MOMENT);
        assertThat(fake.sessions).as("it has not come back").hasSize(1);
        assertThat(node.awaitReady(LONG)).isFalse();
    }

    @Test
    void aNodeThatWaitsForAHoldIsToldWhenItIsSuperseded() {
        StaticKey key = newKey("superseded");
        Patchkey node = ready();
        fake.onHold = request -> {
            fake.session().close(4409, "superseded");
            pause(A_MOMENT);
            return null;
        };
        assertThat(failure(inThread(() -> node.acquire(key)))).isInstanceOf(RejectedException.class);
    }

    @Test
    void anUnsupportedProtocolStopsTheNodeForGood() {
        firstSession(session -> session.close(4426, "this pod speaks 2, the node 1"));
        Patchkey node = start(UnaryOperator.identity());
        eventually(() -> node.status().phase() == INCOMPATIBLE);
        assertThat(node.status().lastError()).contains("this pod speaks 2, the node 1");
    }

    @Test
    void aLargeSnapshotInPartsAndFragmentsIsPutTogetherAndPingsAreAnswered() {
        StaticKey first = newKey("part");
        StaticKey last = newKey("part");
        StaticKey absent = newKey("part");
        firstSession(session -> {
            fake.welcome(session);
            List<Object> keys = new ArrayList<>(List.of(FakeService.state(first.name(), 1, 5)));
            for (int i = 1; i < 1000; i++) {
                keys.add(FakeService.state("test.filler-with-a-rather-long-name-" + i, 0, 1));
            }
            String part = "{\"type\":\"snapshot\",\"n\":" + session.nextNumber()
                    + ",\"epoch\":1,\"revision\":10,\"last\":false,\"keys\":" + Json.write(keys) + "}";
            session.sendInParts(part, 1000);
            session.ping();
            assertThat(absent.isEnabled()).isFalse();
            session.sendSnapshot(1, 10, true, List.of(FakeService.state(last.name(), 1, 6)));
            fake.sessions.add(session);
        });
        Patchkey node = start(UnaryOperator.identity());
        assertThat(node.awaitReady(LONG)).isTrue();
        assertThat(first.isEnabled()).isTrue();
        assertThat(last.isEnabled()).isTrue();
        eventually(() -> fake.session().applied() == 2);
        eventually(() -> !fake.session().received("PONG").isEmpty());
    }
}
