package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.web.HttpApi.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A pod of the store that is kept in memory, which finds none of the others when it starts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PodWithoutQuorumTest {
    private ConfigurableApplicationContext pod;
    private HttpApi api;

    @SuppressWarnings("NullAway.Init") // start() is run first
    PodWithoutQuorumTest() {}

    @BeforeAll
    void start() {
        pod = new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--patchkey.store=hazelcast",
                        "--patchkey.cluster.name=" + UUID.randomUUID(),
                        "--patchkey.cluster.port=25831",
                        "--patchkey.cluster.discovery=static",
                        "--patchkey.cluster.members=127.0.0.1:25831,127.0.0.1:25832,127.0.0.1:25833",
                        "--patchkey.cluster.size=3");
        api = new HttpApi(pod.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
    }

    @AfterAll
    void stop() {
        pod.close();
    }

    @Test
    void isAliveAndNotReadyAndSaysWhySinceWhen() {
        assertThat(api.get("/actuator/health/liveness").status()).isEqualTo(200);
        Answer readiness = api.get("/actuator/health/readiness");
        assertThat(readiness.status()).isEqualTo(503);
        var details = readiness.body().at("/components/store/details");
        assertThat(details.get("reason").asString())
                .contains("1 pods")
                .contains("fewer than 2")
                .contains("patchkey.cluster.size");
        assertThat(Instant.parse(details.get("since").asString()))
                .isBetween(Instant.now().minus(Duration.ofMinutes(5)), Instant.now());
        assertThat(details.get("store").asString()).isEqualTo("READ_ONLY");
    }

    @Test
    @Invariant(number = "S8", text = "A read that may be older than what was acknowledged is marked stale")
    void marksItsReads() {
        for (String path : new String[] {"/v1/keys", "/v1/nodes"}) {
            Answer answer = api.get(path);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body().path("stale").asBoolean()).as(path).isTrue();
            assertThat(answer.body().path("staleSince").asString()).as(path).isNotEmpty();
        }
        Answer unknown = api.get("/v1/keys/quorum");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.problem()).isEqualTo("key-unknown");
        assertThat(unknown.body().path("stale").asBoolean()).isTrue();
        assertThat(Instant.parse(unknown.body().path("staleSince").asString())).isBefore(Instant.now());
    }

    @Test
    @Invariant(
            number = "S2",
            text = "An error that surely was not applied says that: without a quorum nothing is changed")
    void changesNothingAndDecidesNoRead() {
        Answer change = api.post("/v1/keys/quorum/increment", null);
        assertThat(change.status()).isEqualTo(503);
        assertThat(change.problem()).isEqualTo("store-unavailable");
        assertThat(api.get("/v1/keys?consistency=strong").status()).isEqualTo(503);
        assertThat(api.get("/v1/keys/quorum?consistency=strong").status()).isEqualTo(503);
        assertThat(api.get("/v1/keys/quorum").status()).isEqualTo(404);
    }
}
