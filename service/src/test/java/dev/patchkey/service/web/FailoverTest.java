package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.store.jdbc.PostgreSqlServer;
import dev.patchkey.service.web.HttpApi.Answer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** A running service whose primary database server dies, and whose standby takes its place. */
@ExtendWith(OutputCaptureExtension.class)
class FailoverTest {
    private static final int CALLERS = 4;
    private static final String KEY = "/v1/keys/failover";

    /** Trouble shorter than three seconds does not show; the rest is for a machine that does other things too. */
    private static final Duration NOTICE = Duration.ofSeconds(15);

    /** What is promised once a standby takes changes: the service does too. */
    private static final Duration RECOVERY = Duration.ofSeconds(2);

    /** For a machine that does other things too. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    private PostgreSqlServer primary;

    /** Between the standby and the primary. */
    private TcpProxy replication;

    private PostgreSqlServer standby;
    private String database;
    private ConfigurableApplicationContext service;
    private HttpApi api;

    private final AtomicInteger acknowledged = new AtomicInteger();
    private final Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    private volatile boolean enough;

    @SuppressWarnings("NullAway.Init") // start() is run first
    FailoverTest() {}

    @BeforeEach
    void start() {
        primary = PostgreSqlServer.start();
        database = primary.createDatabase();
        replication = new TcpProxy(primary.port());
        standby = primary.startStandby(replication.port());
        awaitStandby("async");
        service = new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--patchkey.cluster.name=" + UUID.randomUUID(),
                        "--spring.datasource.url=" + PostgreSqlServer.urlOfPrimary(database, primary, standby),
                        "--spring.datasource.username=" + PostgreSqlServer.USER);
        api = new HttpApi(service.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
    }

    @AfterEach
    void stop() {
        enough = true;
        service.close();
        standby.close();
        replication.close();
        primary.close();
    }

    private void awaitStandby(String state) {
        await().atMost(Duration.ofSeconds(10)).until(primary::standbyState, state::equals);
    }

    private void requireStandby() {
        primary.set("synchronous_standby_names", "*");
        awaitStandby("sync");
    }

    /** Increments, each once by its request, until it is told that it is enough. */
    private void call(int caller) {
        for (int i = 0; !enough; i++) {
            Answer answer;
            do {
                answer = api.post(KEY + "/increment", null, "Idempotency-Key", caller + "/" + i);
                statuses.add(answer.status());
            } while (answer.status() != 200);
            acknowledged.incrementAndGet();
        }
    }

    private Answer readiness() {
        return api.get("/actuator/health/readiness");
    }

    private void awaitReadiness(int status, Duration atMost) {
        await().atMost(atMost)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> readiness().status() == status);
    }

    private static int count(PostgreSqlServer server, String database) {
        return Integer.parseInt(
                server.query(database, "SELECT ref_count FROM feature_keys WHERE key_name = 'failover'"));
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled when a synchronous standby takes over")
    void aSynchronousStandbyTakesOverWithoutARestart() {
        requireStandby();
        List<CompletableFuture<Void>> callers = IntStream.range(0, CALLERS)
                .mapToObj(caller -> CompletableFuture.runAsync(() -> call(caller), Thread::startVirtualThread))
                .toList();
        await().until(() -> acknowledged.get() > 100);
        primary.kill();

        awaitReadiness(503, NOTICE);
        // A pod may be behind for three seconds before its probe has done waiting for the database.
        await().atMost(NOTICE)
                .untilAsserted(() -> assertThat(readiness()
                                .body()
                                .at("/components/store/details/storeReason")
                                .asString())
                        .contains("The database does not answer", "primary"));
        int before = acknowledged.get();
        Answer read = api.get(KEY);
        assertThat(read.status()).as("reads go on").isEqualTo(200);
        assertThat(read.body().get("count").asInt()).isGreaterThanOrEqualTo(before);
        assertThat(read.body().get("stale").asBoolean()).isTrue();
        long epoch = read.body().get("epoch").asLong();
        assertThat(api.get("/v1/keys").status()).isEqualTo(200);
        assertThat(api.get("/actuator/health/liveness").status()).isEqualTo(200);

        standby.promote();
        awaitReadiness(200, RECOVERY.plus(SLACK));
        await().until(() -> acknowledged.get() > before + 100);
        enough = true;
        callers.forEach(CompletableFuture::join);
        assertThat(statuses)
                .as("done, refused, or unknown; a caller that came late enough waited and saw none of it")
                .isSubsetOf(200, 503, 504);
        Answer after = api.get(KEY);
        assertThat(after.body().get("count").asInt()).isEqualTo(acknowledged.get());
        assertThat(after.body().get("epoch").asLong()).isEqualTo(epoch);
        assertThat(count(standby, database)).isEqualTo(acknowledged.get());
    }

    /** The contrast: what an asynchronous standby lacks is lost, and nobody takes its revisions for those that were. */
    @Test
    @Invariant(
            number = "S4",
            text = "Revisions order the changes of a key: none is given twice within an epoch, though a standby that"
                    + " lacks some takes over")
    void anAsynchronousStandbyThatLacksChangesBeginsANewEpoch(CapturedOutput output) {
        assertThat(api.post(KEY + "/increment", null).status()).isEqualTo(200);
        await().until(() -> count(standby, database) == 1);
        replication.set(Network.DOWN);
        Answer lost = api.post(KEY + "/increment", null);
        assertThat(lost.status()).as("an asynchronous standby delays nobody").isEqualTo(200);
        primary.kill();
        standby.promote();

        await().atMost(Duration.ofSeconds(15))
                .until(() -> readiness().status() == 200
                        && api.get(KEY).body().get("count").asInt() == 1);
        Answer next = api.post(KEY + "/increment", null);
        assertThat(next.body().get("count").asInt()).isEqualTo(2);
        assertThat(next.body().get("revision")).isEqualTo(lost.body().get("revision"));
        assertThat(next.body().get("epoch").asLong())
                .isGreaterThan(lost.body().get("epoch").asLong());
        assertThat(output).contains("The database has lost committed changes", "docs/how-to/begin-a-new-epoch.md");
    }
}
