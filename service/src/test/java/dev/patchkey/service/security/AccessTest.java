package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.filter.FormContentFilter;

/** Who may do what. */
@SecuredService
class AccessTest {

    @LocalServerPort
    int port;

    @Autowired
    ObjectProvider<FormContentFilter> forms;

    private HttpApi nobody;
    private HttpApi root;

    @BeforeEach
    void callers() {
        nobody = new HttpApi(port);
        root = as("root");
    }

    private HttpApi as(String caller) {
        return new HttpApi(port, TestTokens.bearer(caller));
    }

    @ParameterizedTest
    @CsvSource({
        // call, path, then what observer, node, operator and admin get; 404 and 400 are those who are let in
        "GET,/v1/keys,200,403,200,200",
        "GET,/v1/keys/access.none,404,404,404,404",
        "GET,/v1/keys/access.none/history,200,403,200,200",
        "GET,/v1/nodes,200,403,200,200",
        "GET,/v1/nodes/none,404,403,404,404",
        "GET,/v1/openapi,200,403,200,200",
        "GET,/v1/tokens,403,403,403,200",
        "GET,/v1/channel,403,426,403,403",
        "GET,/v1/nothing,404,403,404,404",
        "GET,/actuator/metrics,200,403,200,200",
        "GET,/actuator/prometheus,200,403,200,200",
        "HEAD,/actuator/prometheus,200,403,200,200",
        "GET,/actuator/info,200,403,200,200",
        "POST,/v1/keys/access.count/increment,403,403,200,200",
        "POST,/v1/keys/access.count/decrement,403,403,200,200",
        "PUT,/v1/keys/access.count/holds/-,403,400,400,400",
        "DELETE,/v1/keys/access.count/holds/-,403,400,400,400",
        "DELETE,/v1/keys/access.none,403,403,403,404",
        "DELETE,/v1/nothing,403,403,403,404",
        "POST,/actuator/loggers/x,403,403,403,415",
        "POST,/actuator/metrics,403,403,403,405",
        "DELETE,/actuator/loggers/x,403,403,403,405",
        "POST,/actuator/health,403,403,403,405",
        "OPTIONS,/actuator/loggers,403,403,403,200",
        "HEAD,/v1/keys,200,403,200,200",
        "HEAD,/v1/keys/access.none,404,404,404,404",
        "HEAD,/v1/nodes,200,403,200,200",
        "HEAD,/v1/watch,200,403,200,200",
        "HEAD,/v1/channel,403,426,403,403",
        "HEAD,/v1/tokens,403,403,403,200",
        "OPTIONS,/v1/keys/access.none,200,403,200,200",
        "OPTIONS,/v1/watch,200,403,200,200",
        "OPTIONS,/v1/channel,200,403,200,200",
        "OPTIONS,/v1/tokens,403,403,403,200",
    })
    void eachCallTakesItsRole(String method, String path, int observer, int node, int operator, int admin) {
        Answer none = nobody.send(method, path, null);
        assertThat(none.status()).as("without credentials").isEqualTo(401);
        // A HEAD is answered without the content.
        assertThat(none.problem()).isEqualTo(method.equals("HEAD") ? "" : "unauthenticated");
        assertThat(none.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(none.contentType()).startsWith("application/problem+json");
        assertThat(as("watcher").send(method, path, null).status())
                .as("observer")
                .isEqualTo(observer);
        assertThat(as("checkout").send(method, path, null).status()).as("node").isEqualTo(node);
        assertThat(as("ops").send(method, path, null).status()).as("operator").isEqualTo(operator);
        assertThat(as("root").send(method, path, null).status()).as("admin").isEqualTo(admin);
    }

    @Test
    void aHeadOfTheWatchIsAnsweredAndTakesNoPlace() {
        for (int i = 0; i < 3; i++) {
            Answer answer = root.send("HEAD", "/v1/watch", null);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.contentType()).startsWith("text/event-stream");
        }
        assertThat(root.send("HEAD", "/v1/watch?prefix=-", null).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/keys", "/v1/keys/access.none", "/v1/watch", "/v1/channel"})
    void optionsNamesTheMethodsAndWhatIsNoneIsRefused(String path) {
        assertThat(root.send("OPTIONS", path, null).header("Allow"))
                .contains("GET")
                .contains("HEAD")
                .doesNotContain("TRACE");
        for (String method : List.of("TRACE", "TRACK", "get")) {
            Answer answer = root.send(method, path, null);
            assertThat(answer.status()).as(method).isEqualTo(405);
            assertThat(answer.problem()).isEqualTo("method-not-allowed");
            assertThat(answer.header("Allow")).contains("GET").doesNotContain("TRACE");
        }
    }

    @Test
    void aRefusalNamesTheRoleThatIsNeeded() {
        Answer answer = as("watcher").post("/v1/keys/access.refused/increment", null);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.problem()).isEqualTo("forbidden");
        assertThat(answer.detail()).contains("role operator").contains("watcher has only observer");
        assertThat(root.get("/v1/keys/access.refused").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer " + SecuredService.PASSWORD,
                "Bearer pk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "Bearer pk_short",
                "Bearer",
                "Bearer ",
                "Basic cm9vdDpyb290",
                "bearer pk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, Bearer x",
                "Bearer a.b.c",
            })
    void whatIsNoGoodTokenOpensNothing(String authorization) {
        Answer answer = nobody.get("/v1/keys", "Authorization", authorization);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.problem()).isEqualTo("unauthenticated");
        assertThat(answer.detail()).doesNotContain("pk_").doesNotContain(SecuredService.PASSWORD);
    }

    @Test
    void theHashOfATokenIsNoToken() {
        String hash = TestTokens.hash(TestTokens.token("root"));
        assertThat(nobody.get("/v1/keys", "Authorization", "Bearer " + hash).status())
                .isEqualTo(401);
        assertThat(nobody.get("/v1/keys", "Authorization", "Bearer " + hash.substring(7))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void nothingReadsAFormBeforeItIsKnownWhoSendsIt() {
        assertThat(forms.stream()).isEmpty();
    }

    @Test
    void aTokenInTheQueryOrTheBodyIsNotLookedAt() {
        String token = TestTokens.token("root");
        assertThat(nobody.get("/v1/keys?access_token=" + token).status()).isEqualTo(401);
        assertThat(nobody.send(
                                "POST",
                                "/v1/keys/access.form/increment",
                                "access_token=" + token,
                                "Content-Type",
                                "application/x-www-form-urlencoded")
                        .status())
                .isEqualTo(401);
    }

    @Test
    void whetherThePodIsWellIsOpenAndWhyNotIsForObservers() {
        for (String path : List.of("/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness")) {
            // A pod on a busy machine may be found behind for a moment.
            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(nobody.get(path).status()).as(path).isEqualTo(200));
            assertThat(nobody.get(path).body().has("components")).as(path).isFalse();
        }
        assertThat(as("checkout").get("/actuator/health").body().has("components"))
                .isFalse();
        assertThat(as("watcher").get("/actuator/health").body().has("components"))
                .isTrue();
    }

    @Test
    void aTeamUsesItsOwnKeysAlone() {
        root.post("/v1/keys/team-b.x/increment", null);
        root.post("/v1/keys/team-ax/increment", null);
        HttpApi team = as("team-a");
        assertThat(team.post("/v1/keys/team-a.x/increment", null).status()).isEqualTo(200);
        assertThat(team.get("/v1/keys/team-a.x").status()).isEqualTo(200);
        for (String key : List.of("team-b.x", "team-ax", "team-a")) {
            for (Answer answer : List.of(
                    team.post("/v1/keys/" + key + "/increment", null),
                    team.post("/v1/keys/" + key + "/decrement", null),
                    team.put("/v1/keys/" + key + "/holds/team-a", null),
                    team.delete("/v1/keys/" + key + "/holds/team-a"),
                    team.get("/v1/keys/" + key),
                    team.get("/v1/keys/" + key + "?consistency=strong"),
                    team.get("/v1/keys/" + key + "?await=applied&revision=1"),
                    team.get("/v1/keys/" + key + "/history"))) {
                assertThat(answer.status()).as(key).isEqualTo(403);
                assertThat(answer.problem()).isEqualTo("forbidden");
                assertThat(answer.detail()).contains("[team-a.]");
            }
        }
        assertThat(root.get("/v1/keys/team-b.x").body().get("count").asInt()).isEqualTo(1);
    }

    @Test
    void aTeamMayReadWhatItMayNotChange() {
        root.post("/v1/keys/team-b.r/increment", null);
        root.post("/v1/keys/other.r/increment", null);
        HttpApi team = as("team-a-reads");
        assertThat(team.post("/v1/keys/team-a.r/increment", null).status()).isEqualTo(200);
        assertThat(names(team.get("/v1/keys"))).contains("team-a.r", "team-b.r", "other.r");
        assertThat(team.get("/v1/keys/other.r/history").status()).isEqualTo(200);
        for (String key : List.of("team-b.r", "other.r")) {
            assertThat(team.get("/v1/keys/" + key).status()).isEqualTo(200);
            for (Answer answer : List.of(
                    team.post("/v1/keys/" + key + "/increment", null),
                    team.post("/v1/keys/" + key + "/decrement", null),
                    team.put("/v1/keys/" + key + "/holds/team-a-reads", null),
                    team.delete("/v1/keys/" + key + "/holds/team-a-reads"))) {
                assertThat(answer.status()).as(key).isEqualTo(403);
                assertThat(answer.detail()).contains("[team-a.]").contains("may change");
            }
            assertThat(root.get("/v1/keys/" + key).body().get("count").asInt()).isEqualTo(1);
        }
    }

    @Test
    void aListShowsTheCallersKeysAlone() {
        for (String key : List.of("team-a.l1", "team-a.l2", "team-aa", "team-b.l1", "team-c.l1")) {
            root.post("/v1/keys/" + key + "/increment", null);
        }
        HttpApi both = as("team-ab");
        assertThat(names(both.get("/v1/keys?prefix=team-a.l"))).containsExactly("team-a.l1", "team-a.l2");
        assertThat(names(both.get("/v1/keys")))
                .contains("team-a.l1", "team-a.l2", "team-b.l1")
                .allMatch(name -> name.startsWith("team-a.") || name.startsWith("team-b."));
        Answer first = both.get("/v1/keys?after=team-a.l1&limit=1");
        assertThat(names(first)).containsExactly("team-a.l2");
        assertThat(first.body().get("next").asString()).isEqualTo("team-a.l2");
        assertThat(names(both.get("/v1/keys?after=team-b.a&limit=1")))
                .hasSize(1)
                .allMatch(n -> n.startsWith("team-b."));
        Answer other = both.get("/v1/keys?prefix=team-c");
        assertThat(other.status()).isEqualTo(403);
        assertThat(other.detail()).contains("[team-a., team-b.]");
        assertThat(both.get("/v1/watch?prefix=team-c").status()).isEqualTo(403);
    }

    private static List<String> names(Answer answer) {
        return StreamSupport.stream(answer.body().get("keys").spliterator(), false)
                .map(key -> key.get("key").asString())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/keys/team-a.x/../team-b.p/increment",
                "/v1/keys/team-a.x/%2e%2e/team-b.p/increment",
                "/v1/keys/team-a.x%2F..%2Fteam-b.p/increment",
                "/v1/keys/team-a.x;team-b.p/increment",
                "/v1/keys/team-b.p;team-a.x/increment",
                "/v1/keys//team-b.p/increment",
                "/v1//keys/team-b.p/increment",
                "/v1/keys/team-b.p/increment/",
                "/v1/keys/team-b.p%00/increment",
                "/v1/keys/team-b%2ep/increment",
                "/v1/keys/%74eam-b.p/increment",
                "/V1/KEYS/team-b.p/increment",
                "/v1/keys/team-b.p/increment?key=team-a.x",
                "/v1/keys/team-b.p/increment.json",
                "/v1/../v1/keys/team-b.p/increment",
            })
    void noTrickWithAPathReachesAnotherTeamsKey(String path) {
        Answer answer = as("team-a").post(path, null);
        assertThat(answer.status()).as(path).isBetween(400, 499);
        assertThat(root.get("/v1/keys/team-b.p").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-HTTP-Method-Override", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL"})
    void noHeaderMakesACallAnotherOne(String header) {
        String key = "/v1/keys/access." + header.toLowerCase(Locale.ROOT);
        root.post(key + "/increment", null);
        Answer answer = as("watcher").post(key + "/increment", null, header, "GET");
        assertThat(answer.status()).isEqualTo(403);
        as("ops").get(key, header, "/v1/tokens");
        assertThat(root.get(key).body().get("count").asInt()).isEqualTo(1);
    }

    @Test
    void holdersAreBoundToTheirCallers() {
        HttpApi ops = as("ops");
        assertThat(ops.put("/v1/keys/access.holds/holds/ops", null).status()).isEqualTo(200);
        assertThat(ops.put("/v1/keys/access.holds/holds/ops:laptop", null).status())
                .isEqualTo(200);
        for (String other : List.of("ops-2", "opsx", "team-a", "team-a:ops", "jwt:ops", "OPS")) {
            Answer answer = ops.put("/v1/keys/access.holds/holds/" + other, null);
            assertThat(answer.status()).as(other).isEqualTo(403);
            assertThat(answer.detail()).contains("ops:...");
            assertThat(ops.delete("/v1/keys/access.holds/holds/" + other).status())
                    .isEqualTo(403);
        }
        assertThat(root.delete("/v1/keys/access.holds/holds/ops")
                        .body()
                        .get("changed")
                        .asBoolean())
                .isTrue();
        assertThat(root.put("/v1/keys/access.holds/holds/team-a", null).status())
                .isEqualTo(200);
        assertThat(root.get("/v1/keys/access.holds").body().get("changedBy").asString())
                .isEqualTo("root");
    }

    @Test
    void whoseTokenIsTakenAwayWatchesNoLonger() throws Exception {
        SecuredService.Callers.write("tokens:\n  - {name: leaver, role: observer, prefixes: ['*'], hashes: ['"
                + TestTokens.hash(TestTokens.token("leaver")) + "']}\n");
        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(as("leaver").get("/v1/keys").status()).isEqualTo(200));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/watch"))
                .headers(TestTokens.bearer("leaver"))
                .build();
        try (InputStream stream = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofInputStream())
                .body()) {
            SecuredService.Callers.write("tokens: []\n");
            CompletableFuture<byte[]> whole = CompletableFuture.supplyAsync(() -> {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThat(whole.get(10, TimeUnit.SECONDS)).asString().startsWith("event: snapshot");
        }
    }

    @Test
    void aCallerHasSoManyRequestsUnderWayAndNoMore() throws Exception {
        HttpApi many = as("many");
        String request = "POST /v1/keys/access.many/increment HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                + TestTokens.bearer("many")[1] + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
        List<Socket> underWay = new ArrayList<>();
        try {
            for (int i = 0; i < SecuredService.AT_ONCE; i++) {
                underWay.add(new Socket(InetAddress.getLoopbackAddress(), port));
                underWay.getLast().getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            }
            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(many.get("/v1/keys").status()).isEqualTo(429));
            Answer refused = many.get("/v1/keys");
            assertThat(refused.problem()).isEqualTo("too-many-at-once");
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(as("watcher").get("/v1/keys").status()).isEqualTo(200);
        } finally {
            for (Socket socket : underWay) {
                socket.close();
            }
        }
        Awaitility.await()
                .untilAsserted(() ->
                        assertThat(many.get("/v1/keys/access.many").status()).isEqualTo(404));
    }

    @Test
    void anIdempotencyKeyIsTheCallersOwn() {
        String[] key = {"Idempotency-Key", "access-shared"};
        assertThat(as("ops")
                        .post("/v1/keys/team-a.i/increment", null, key)
                        .body()
                        .get("count")
                        .asInt())
                .isEqualTo(1);
        assertThat(as("team-a")
                        .post("/v1/keys/team-a.i/increment", null, key)
                        .body()
                        .get("count")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void adminsSeeWhoseTokensAreGoodAndNoHash() {
        var tokens = root.get("/v1/tokens").body();
        assertThat(tokens.toString()).doesNotContain("sha256").doesNotContain("pk_");
        var team = StreamSupport.stream(tokens.get("tokens").spliterator(), false)
                .filter(token -> token.get("name").asString().equals("team-a"))
                .findFirst()
                .orElseThrow();
        assertThat(team.get("role").asString()).isEqualTo("operator");
        assertThat(team.get("prefixes").get(0).asString()).isEqualTo("team-a.");
        assertThat(team.get("hashes").asInt()).isEqualTo(1);
    }
}
