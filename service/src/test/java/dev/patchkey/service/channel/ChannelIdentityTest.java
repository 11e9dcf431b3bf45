package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.security.SecuredService;
import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import java.net.http.WebSocketHandshakeException;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

/** A node is its caller's, and nobody else can speak for it. */
@SecuredService
class ChannelIdentityTest {

    @LocalServerPort
    int port;

    private WireNode as(String caller) {
        return WireNode.connect(port, TestTokens.bearer(caller));
    }

    private HttpApi http(String caller) {
        return new HttpApi(port, TestTokens.bearer(caller));
    }

    private List<String> liveNodes() {
        return StreamSupport.stream(
                        http("watcher").get("/v1/nodes").body().get("nodes").spliterator(), false)
                .map(node -> node.get("node").asString())
                .toList();
    }

    @Test
    void onlyNodesAreLetIn() {
        for (String[] headers : new String[][] {{}, TestTokens.bearer("nobody"), TestTokens.bearer("root")}) {
            assertThatThrownBy(() -> WireNode.connect(port, headers))
                    .hasCauseInstanceOf(WebSocketHandshakeException.class);
        }
    }

    @Test
    void theSameIdOfTwoCallersIsTwoNodes() {
        WireNode checkout = as("checkout").hello("same", UUID.randomUUID().toString());
        checkout.expect("welcome");
        WireNode billing = as("billing").hello("same", UUID.randomUUID().toString());
        billing.expect("welcome");
        assertThat(liveNodes()).contains("checkout:same", "billing:same").doesNotContain("same");
        assertThat(checkout.isOpen()).isTrue();
        checkout.send("{\"type\":\"bye\"}");
        assertThat(checkout.closeCode()).isEqualTo(1000);
        assertThat(liveNodes()).contains("billing:same").doesNotContain("checkout:same");
    }

    @Test
    void nobodyChangesTheHoldsOfAnothersNode() {
        String incarnation = UUID.randomUUID().toString();
        WireNode checkout = as("checkout").hello("holder", incarnation);
        String session = checkout.expect("welcome").get("session").asString();
        String[] stolen = {"Patchkey-Session", session, "Patchkey-Incarnation", incarnation, "Patchkey-Operation", "2"};
        String key = "/v1/keys/identity.holds";
        Answer own = http("checkout")
                .put(
                        key + "/holds/holder",
                        null,
                        "Patchkey-Session",
                        session,
                        "Patchkey-Incarnation",
                        incarnation,
                        "Patchkey-Operation",
                        "1");
        assertThat(own.status()).as(own.toString()).isEqualTo(200);
        assertThat(http("watcher").get(key).body().at("/holds/0/holder").asString())
                .isEqualTo("checkout:holder");
        for (String name : List.of("holder", "checkout:holder")) {
            Answer release = http("billing").delete(key + "/holds/" + name, stolen);
            assertThat(release.problem()).as(name).isEqualTo("incarnation-unknown");
        }
        // Without the headers of a node it is an operator's call, and no node's.
        assertThat(http("billing").delete(key + "/holds/checkout:holder").status())
                .isEqualTo(403);
        assertThat(http("ops").delete(key + "/holds/checkout:holder").status()).isEqualTo(403);
        assertThat(http("root").delete(key + "/holds/checkout:holder").problem())
                .isEqualTo("hold-of-another-kind");
        // With them it takes the role of a node, and an admin is none.
        assertThat(http("root").delete(key + "/holds/holder", stolen).status()).isEqualTo(403);
        assertThat(http("watcher").get(key).body().get("count").asInt()).isEqualTo(1);
    }

    @Test
    void aHoldChangeThatIsSentAgainLaterChangesNothing() {
        String incarnation = UUID.randomUUID().toString();
        WireNode checkout = as("checkout").hello("replayed", incarnation);
        String session = checkout.expect("welcome").get("session").asString();
        String hold = "/v1/keys/identity.replay/holds/replayed";
        HttpApi api = http("checkout");
        String[] first = {"Patchkey-Session", session, "Patchkey-Incarnation", incarnation, "Patchkey-Operation", "1"};
        String[] second = {"Patchkey-Session", session, "Patchkey-Incarnation", incarnation, "Patchkey-Operation", "2"};
        assertThat(api.put(hold, null, first).status()).isEqualTo(200);
        assertThat(api.delete(hold, second).status()).isEqualTo(200);
        assertThat(api.put(hold, null, first).problem()).isEqualTo("operation-superseded");
        assertThat(http("watcher")
                        .get("/v1/keys/identity.replay")
                        .body()
                        .get("count")
                        .asInt())
                .isZero();
    }

    @Test
    void messagesThatAreSentAgainClaimNothingNew() {
        String incarnation = UUID.randomUUID().toString();
        WireNode node = as("checkout").hello("again", incarnation);
        node.expect("welcome");
        JsonNode snapshot = node.skipTo("snapshot");
        node.apply(snapshot);
        http("ops").post("/v1/keys/identity.again/increment", null);
        node.expect("change");
        // An old confirmation, again and again: the change is not applied by it.
        for (int i = 0; i < 3; i++) {
            node.apply(snapshot);
        }
        Answer waited = http("ops").get("/v1/keys/identity.again?await=applied&timeout=PT0.2S");
        assertThat(waited.status()).isEqualTo(202);
        assertThat(waited.body().at("/propagation/laggards").toString()).contains("checkout:again");
        // A heartbeat that was sent before, or a confirmation of what was never sent, ends the connection.
        node.send("{\"type\":\"heartbeat\",\"seq\":1}").send("{\"type\":\"heartbeat\",\"seq\":1}");
        assertThat(node.closeCode()).isEqualTo(4400);
        WireNode ahead = as("checkout").hello("ahead", UUID.randomUUID().toString());
        ahead.expect("welcome");
        ahead.send("{\"type\":\"applied\",\"n\":1000000}");
        assertThat(ahead.closeCode()).isEqualTo(4400);
        // A hello that somebody has recorded is worth nothing without the credential, and as another makes another
        // node.
        WireNode other = as("billing").hello("again", incarnation);
        other.expect("welcome");
        assertThat(liveNodes()).contains("billing:again");
    }

    @Test
    void anEarlierLifeCannotComeBackWithItsRecordedHello() {
        String earlier = UUID.randomUUID().toString();
        WireNode first = as("checkout").hello("lives", earlier);
        first.expect("welcome");
        WireNode second = as("checkout").hello("lives", UUID.randomUUID().toString());
        second.expect("welcome");
        assertThat(first.closeCode()).isEqualTo(4409);
        WireNode replay = as("checkout").hello("lives", earlier);
        assertThat(replay.closeCode()).isEqualTo(4409);
        assertThat(second.isOpen()).isTrue();
    }

    @Test
    void aNodeIsSentTheKeysOfItsCallerAlone() {
        http("root").post("/v1/keys/team-a.identity/increment", null);
        http("root").post("/v1/keys/team-b.identity/increment", null);
        WireNode node = as("team-a-node");
        node.send(WireNode.helloOf(
                "sees",
                UUID.randomUUID().toString(),
                "{\"key\":\"team-a.held\",\"operation\":1},{\"key\":\"team-b.held\",\"operation\":2}"));
        JsonNode welcome = node.expect("welcome");
        assertThat(welcome.get("held").toString()).contains("team-a.held").doesNotContain("team-b");
        JsonNode snapshot = node.expect("snapshot");
        assertThat(snapshot.toString()).contains("team-a.identity").doesNotContain("team-b");
        assertThat(http("root").get("/v1/keys/team-b.held").status()).isEqualTo(404);

        WireNode curious = as("team-a-node");
        curious.send(WireNode.helloOf("curious", UUID.randomUUID().toString(), "")
                .replace("\"held\"", "\"prefixes\":[\"team-b\"],\"held\""));
        assertThat(curious.expect("error").get("detail").asString()).contains("[team-a.]");
        assertThat(curious.closeCode()).isEqualTo(4403);
    }

    @Test
    void aNodeMayMirrorWhatItMayNotHold() {
        http("root").post("/v1/keys/team-c.mirrored/increment", null);
        http("root").post("/v1/keys/other.mirrored/increment", null);
        String incarnation = UUID.randomUUID().toString();
        WireNode node = as("team-a-mirrors");
        node.send(WireNode.helloOf(
                "mirrors",
                incarnation,
                "{\"key\":\"team-a.mirrored\",\"operation\":1},{\"key\":\"team-c.mirrored\",\"operation\":2}"));
        JsonNode welcome = node.expect("welcome");
        assertThat(welcome.get("held").toString()).contains("team-a.mirrored").doesNotContain("team-c");
        assertThat(node.expect("snapshot").toString())
                .contains("team-c.mirrored")
                .doesNotContain("other.mirrored");
        Answer held = http("team-a-mirrors")
                .put(
                        "/v1/keys/team-c.mirrored/holds/mirrors",
                        null,
                        "Patchkey-Session",
                        welcome.get("session").asString(),
                        "Patchkey-Incarnation",
                        incarnation,
                        "Patchkey-Operation",
                        "3");
        assertThat(held.status()).isEqualTo(403);
        assertThat(http("root")
                        .get("/v1/keys/team-c.mirrored")
                        .body()
                        .get("count")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void anIdThatIsTooLongWithItsCallersNameIsRefused() {
        WireNode node = as("checkout").hello("x".repeat(125), UUID.randomUUID().toString());
        assertThat(node.expect("error").get("detail").asString())
                .contains("node must be")
                .contains("checkout:");
        assertThat(node.closeCode()).isEqualTo(4400);
    }

    @Test
    void whoseTokenIsTakenAwayIsSentAway() {
        String yaml = "tokens:\n  - {name: leaving, role: node, prefixes: ['*'], hashes: ['"
                + TestTokens.hash(TestTokens.token("leaving")) + "']}\n";
        SecuredService.Callers.write(yaml);
        Awaitility.await()
                .untilAsserted(() ->
                        assertThat(http("leaving").get("/v1/keys/x").status()).isEqualTo(404));
        WireNode node = as("leaving").hello("leaves", UUID.randomUUID().toString());
        node.expect("welcome");
        SecuredService.Callers.write("tokens: []\n");
        assertThat(node.closeCode()).isEqualTo(4401);
        assertThat(http("leaving").get("/v1/keys/x").status()).isEqualTo(401);
    }
}
