package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Fault;
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.jdbc.PostgreSqlServer;
import dev.patchkey.service.web.HttpApi.Answer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Two pods, of a cluster each, over one PostgreSQL, as callers see them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgreSqlApiTest {
    private static final PostgreSqlServer SERVER = PostgreSqlServer.shared();
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final List<ConfigurableApplicationContext> pods = new ArrayList<>();
    private String database;

    /** Between the first pod and the server. */
    private TcpProxy network;

    private HttpApi first;
    private HttpApi second;

    @SuppressWarnings("NullAway.Init") // start() is run first
    PostgreSqlApiTest() {}

    @BeforeAll
    void start() {
        database = SERVER.createDatabase();
        network = new TcpProxy(SERVER.port());
        first = pod(PostgreSqlServer.url(network.port(), database) + "?prepareThreshold=0");
        for (int i = 1; i <= 5; i++) {
            first.post("/v1/keys/pg.history/increment", "{\"reason\": \"step " + i + "\"}");
        }
        second = pod(SERVER.url(database));
    }

    private HttpApi pod(String url) {
        ConfigurableApplicationContext pod = new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--patchkey.cluster.name=" + UUID.randomUUID(),
                        "--spring.datasource.url=" + url,
                        "--spring.datasource.username=" + PostgreSqlServer.USER);
        pods.add(pod);
        return new HttpApi(port(pod));
    }

    private static int port(ConfigurableApplicationContext pod) {
        return pod.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    @AfterAll
    void stop() {
        pods.forEach(ConfigurableApplicationContext::close);
        network.close();
    }

    private static List<Integer> counts(Answer page) {
        return page.body()
                .get("changes")
                .valueStream()
                .map(line -> line.get("count").asInt())
                .toList();
    }

    @Test
    void theHistoryIsPagedAndKeptForAPodThatStartsLater() {
        for (HttpApi api : List.of(first, second)) {
            Answer newest = api.get("/v1/keys/pg.history/history?limit=2");
            assertThat(counts(newest)).containsExactly(5, 4);
            assertThat(newest.body().at("/changes/0/reason").asString()).isEqualTo("step 5");
            Answer next = api.get("/v1/keys/pg.history/history?limit=2&before="
                    + newest.body().get("next").asLong());
            assertThat(counts(next)).containsExactly(3, 2);
            Answer last = api.get("/v1/keys/pg.history/history?limit=2&before="
                    + next.body().get("next").asLong());
            assertThat(counts(last)).containsExactly(1);
            assertThat(last.body().has("next")).isFalse();
        }
    }

    @Test
    void anIdempotencyKeyBelongsToOneRequestThroughEitherPod() {
        String path = "/v1/keys/pg.reused/increment";
        Answer done = first.post(path, "{\"by\": 1}", "Idempotency-Key", "reused");
        assertThat(done.status()).isEqualTo(200);
        assertThat(second.post(path, "{\"by\": 1}", "Idempotency-Key", "reused").body())
                .isEqualTo(done.body());
        for (HttpApi api : List.of(first, second)) {
            Answer other = api.post(path, "{\"by\": 2}", "Idempotency-Key", "reused");
            assertThat(other.status()).isEqualTo(422);
            assertThat(other.problem()).isEqualTo("request-reused");
        }
        assertThat(first.get("/v1/keys/pg.reused").body().get("count").asInt()).isEqualTo(1);
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is doubled: a retry while the first is in flight waits for it")
    void aRetryWhileTheFirstIsInFlightWaitsForIt() throws Exception {
        try (Connection fence = SERVER.connect(database);
                Statement statement = fence.createStatement()) {
            fence.setAutoCommit(false);
            statement.execute("SELECT * FROM head FOR UPDATE");
            List<CompletableFuture<Answer>> both = new ArrayList<>();
            for (HttpApi api : List.of(first, first, second)) {
                both.add(CompletableFuture.supplyAsync(
                        () -> api.post("/v1/keys/pg.flight/increment", null, "Idempotency-Key", "flight"),
                        Thread::startVirtualThread));
            }
            await().until(() -> SERVER.query(
                            database,
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                    + " AND datname = current_database()")
                    .equals("2"));
            assertThat(both).noneMatch(CompletableFuture::isDone);
            fence.rollback();
            Answer done = both.getFirst().join();
            assertThat(done.status()).isEqualTo(200);
            assertThat(done.body().get("count").asInt()).isEqualTo(1);
            assertThat(both).allSatisfy(each -> {
                assertThat(each.join().status()).isEqualTo(200);
                assertThat(each.join().body()).isEqualTo(done.body());
            });
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled: a retry through another pod is known")
    void whatAPodHasDoneAndNotAnsweredIsReplayedByAnother() {
        String path = "/v1/keys/pg.gone/increment";
        try (TcpProxy callers = new TcpProxy(port(pods.getFirst()))) {
            callers.trap("POST " + path, Fault.CUT_AFTER);
            assertThatThrownBy(() -> new HttpApi(callers.port()).post(path, null, "Idempotency-Key", "gone"))
                    .hasMessageContaining("did not answer");
        }
        Answer replay = second.post(path, null, "Idempotency-Key", "gone");
        assertThat(replay.status()).isEqualTo(200);
        assertThat(replay.body().get("count").asInt()).isEqualTo(1);
        assertThat(first.post(path, null, "Idempotency-Key", "gone").body()).isEqualTo(replay.body());
        assertThat(second.get("/v1/keys/pg.gone").body().get("count").asInt()).isEqualTo(1);
    }

    private void awaitReady() {
        await().atMost(PATIENCE)
                .until(() -> first.get("/actuator/health/readiness").status() == 200);
    }

    /** A PUT or DELETE that was on its way for so long that its successors have overtaken it. */
    @Test
    void whatComesLateOfANodesHoldIsRefusedThroughEitherPod() {
        Incarnations lives = pods.getFirst().getBean(Incarnations.class);
        String life = UUID.randomUUID().toString();
        lives.number("anonymous", new Holder("late"), life);
        String hold = "/v1/keys/pg.late/holds/late";
        assertThat(first.put(hold, null, stamp(life, 1)).status()).isEqualTo(200);
        assertThat(second.delete(hold, stamp(life, 2)).status()).isEqualTo(200);
        assertSuperseded(first.put(hold, null, stamp(life, 1)), 0);
        assertThat(second.put(hold, null, stamp(life, 3)).status()).isEqualTo(200);
        assertSuperseded(first.delete(hold, stamp(life, 2)), 1);

        lives.number("anonymous", new Holder("late"), UUID.randomUUID().toString());
        assertSuperseded(second.delete(hold, stamp(life, 4)), 1);
    }

    private static String[] stamp(String life, int operation) {
        return new String[] {
            "Patchkey-Session", life, "Patchkey-Incarnation", life, "Patchkey-Operation", Integer.toString(operation)
        };
    }

    private void assertSuperseded(Answer late, int count) {
        assertThat(late.status()).isEqualTo(409);
        assertThat(late.problem()).isEqualTo("operation-superseded");
        assertThat(first.get("/v1/keys/pg.late").body().get("count").asInt()).isEqualTo(count);
    }

    @Test
    @Invariant(number = "S8", text = "Reads say how old they are, where one pod is cut off from the database")
    void aPodThatIsCutOffSaysSoAndTheOtherIsReady() {
        String key = "/v1/keys/pg.cut";
        Answer up = first.post(key + "/increment", null);
        for (HttpApi api : List.of(first, second)) {
            Answer strong = api.get(key + "?consistency=strong");
            assertThat(strong.status()).isEqualTo(200);
            assertThat(strong.body().get("revision")).isEqualTo(up.body().get("revision"));
            assertThat(api.get("/v1/keys?prefix=pg.cut&consistency=strong")
                            .body()
                            .at("/keys/0/revision"))
                    .isEqualTo(up.body().get("revision"));
        }
        network.set(Network.DOWN);
        try {
            await().atMost(PATIENCE)
                    .until(() -> first.get("/actuator/health/readiness").status() == 503);
            var details = first.get("/actuator/health/readiness").body().at("/components/store/details");
            assertThat(details.get("store").asString()).isEqualTo("UNREACHABLE");
            assertThat(details.get("storeReason").asString()).startsWith("The database does not answer: ");
            assertThat(first.get("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(first.get(key + "?consistency=strong").status()).isEqualTo(503);
            assertThat(first.get(key + "/history").status()).isEqualTo(503);
            Answer refused = first.post(key + "/increment", null);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.problem()).isEqualTo("store-unavailable");
            Answer read = first.get(key);
            assertThat(read.body().get("count").asInt()).isEqualTo(1);
            assertThat(read.body().get("stale").asBoolean()).isTrue();

            assertThat(second.get("/actuator/health/readiness").status()).isEqualTo(200);
            assertThat(second.post(key + "/increment", null).body().get("count").asInt())
                    .isEqualTo(2);
            assertThat(second.get(key).body().has("stale")).isFalse();
        } finally {
            network.set(Network.WELL);
            awaitReady();
        }
        Answer read = first.get(key);
        assertThat(read.body().get("count").asInt()).isEqualTo(2);
        assertThat(read.body().has("stale")).isFalse();
    }
}
