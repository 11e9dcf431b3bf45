package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.web.HttpApi.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The calls of the HTTP API, as callers use them. */
@RunningService
class KeysApiTest {

    @LocalServerPort
    int port;

    @Autowired
    HikariDataSource pool;

    private HttpApi api;

    @BeforeEach
    void connect() {
        api = new HttpApi(port);
    }

    @Test
    void incrementsAndDecrementsAnswerCountStateAndRevision() {
        Answer up = api.post("/v1/keys/api.count/increment", "{\"by\": 3, \"reason\": \"canary\"}");
        assertThat(up.status()).isEqualTo(200);
        assertThat(up.body().get("count").asInt()).isEqualTo(3);
        assertThat(up.body().get("enabled").asBoolean()).isTrue();
        assertThat(up.body().get("changed").asBoolean()).isTrue();

        Answer down = api.post("/v1/keys/api.count/decrement", "{\"by\": 3}");
        assertThat(down.body().get("count").asInt()).isZero();
        assertThat(down.body().get("enabled").asBoolean()).isFalse();
        assertThat(down.body().get("revision").asLong())
                .isGreaterThan(up.body().get("revision").asLong());

        Answer read = api.get("/v1/keys/api.count");
        assertThat(read.body().get("revision")).isEqualTo(down.body().get("revision"));
        assertThat(read.body().get("changedBy").asString()).isEqualTo("anonymous");
    }

    @Test
    void anAnswerTellsItsLengthAndSoIsWrittenInOnePiece() {
        for (Answer answer : List.of(
                api.post("/v1/keys/api.length/increment", "{\"reason\": \"gr\u00fc\u00dfe\"}"),
                api.get("/v1/keys/api.length"),
                api.get("/v1/keys?prefix=api"),
                api.get("/v1/keys/api.length/history"),
                api.get("/v1/keys/-"))) {
            assertThat(answer.header("Content-Length")).as("%s", answer).isNotEmpty();
            assertThat(answer.header("Transfer-Encoding")).as("%s", answer).isEmpty();
        }
    }

    @Test
    void readsShowTheirRevisionAndAreNotMarkedWhileThePodIsReady() {
        Answer up = api.post("/v1/keys/api.fresh/increment", null);
        long revision = up.body().get("revision").asLong();
        Answer list = api.get("/v1/keys?prefix=api.fresh");
        assertThat(list.body().get("revision").asLong()).isGreaterThanOrEqualTo(revision);
        assertThat(list.body().at("/keys/0/revision").asLong()).isEqualTo(revision);
        assertThat(api.get("/v1/nodes").body().get("revision").asLong()).isGreaterThanOrEqualTo(revision);
        for (String path : List.of("/v1/keys", "/v1/keys/api.fresh", "/v1/nodes")) {
            assertThat(api.get(path).body().has("stale")).as(path).isFalse();
        }
        Answer readiness = api.get("/actuator/health/readiness");
        assertThat(readiness.status()).isEqualTo(200);
        assertThat(readiness.body().at("/components/store/details/store").asString())
                .isEqualTo("AVAILABLE");
    }

    /** With the pool's connections all in use, as in an outage, a call that took one would wait and find the pod ill. */
    @Test
    void theHealthOfThePodIsToldWithoutAConnectionOfThePool() throws SQLException {
        List<Connection> all = new ArrayList<>();
        try {
            for (int i = 0; i < pool.getMaximumPoolSize(); i++) {
                all.add(pool.getConnection());
            }
            assertThat(api.get("/actuator/health").status()).isEqualTo(200);
        } finally {
            for (Connection each : all) {
                each.close();
            }
        }
    }

    @Test
    void holdsCountOnceHoweverOftenTheyAreAcquired() {
        String hold = "/v1/keys/api.holds/holds/alice@example.org";
        Answer first = api.put(hold, "{\"reason\": \"debugging\", \"lease\": \"PT30M\"}");
        Answer renewal = api.put(hold, "{\"reason\": \"debugging\", \"lease\": \"PT30M\"}");
        assertThat(first.body().get("count").asInt()).isEqualTo(1);
        assertThat(renewal.body().get("count").asInt()).isEqualTo(1);
        assertThat(renewal.body().get("changed").asBoolean()).isFalse();
        assertThat(renewal.body().get("revision")).isEqualTo(first.body().get("revision"));

        var shown = api.get("/v1/keys/api.holds").body().get("holds").get(0);
        assertThat(shown.get("holder").asString()).isEqualTo("alice@example.org");
        assertThat(shown.get("kind").asString()).isEqualTo("operator");
        assertThat(shown.get("lease").asString()).isEqualTo("PT30M");
        assertThat(shown.get("reason").asString()).isEqualTo("debugging");

        assertThat(api.delete(hold).body().get("count").asInt()).isZero();
        Answer again = api.delete(hold);
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.body().get("changed").asBoolean()).isFalse();
    }

    @Test
    void aHoldEndsByItselfAfterItsLease() throws InterruptedException {
        api.put("/v1/keys/api.lease/holds/bob", "{\"lease\": \"PT1S\"}");
        int count = 1;
        // The lease, and then a sweep: ten seconds leave room for a busy machine.
        for (int i = 0; i < 100 && count > 0; i++) {
            Thread.sleep(100);
            count = api.get("/v1/keys/api.lease").body().get("count").asInt();
        }
        assertThat(count).isZero();
    }

    @Test
    void theListIsPagedInTheOrderOfNamesAndFilteredByPrefix() {
        for (String key : List.of("page.c", "page.a", "page.b", "pagf")) {
            api.post("/v1/keys/" + key + "/increment", null);
        }
        Answer first = api.get("/v1/keys?prefix=page&limit=2");
        assertThat(names(first)).containsExactly("page.a", "page.b");
        Answer second = api.get(
                "/v1/keys?prefix=page&limit=2&after=" + first.body().get("next").asString());
        assertThat(names(second)).containsExactly("page.c");
        assertThat(second.body().has("next")).isFalse();
        assertThat(names(api.get("/v1/keys?prefix=page&consistency=strong")))
                .containsExactly("page.a", "page.b", "page.c");
    }

    private static List<String> names(Answer answer) {
        return StreamSupport.stream(answer.body().get("keys").spliterator(), false)
                .map(key -> key.get("key").asString())
                .toList();
    }

    @Test
    void aDeletedKeyIsGoneAndItsRevisionGoesOn() {
        api.post("/v1/keys/api.delete/increment", null);
        api.post("/v1/keys/api.delete/decrement", null);
        Answer deleted = api.delete("/v1/keys/api.delete");
        assertThat(deleted.status()).isEqualTo(200);
        assertThat(api.get("/v1/keys/api.delete").status()).isEqualTo(404);
        assertThat(names(api.get("/v1/keys?prefix=api.delete"))).isEmpty();
        Answer back = api.post("/v1/keys/api.delete/increment", null);
        assertThat(back.body().get("revision").asLong())
                .isGreaterThan(deleted.body().get("revision").asLong());
    }

    @Test
    void awaitAppliedAnswersAtOnceWhereNoNodeIsLive() {
        Answer answer = api.post("/v1/keys/api.await/increment?await=applied", null);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().get("propagation").get("applied").asBoolean()).isTrue();
        long revision = answer.body().get("revision").asLong();
        assertThat(api.get("/v1/keys/api.await?await=applied&timeout=PT1S&revision=" + revision)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theHistoryTellsWhoWhatWhenAndWhy() {
        api.post("/v1/keys/api.history/increment", "{\"reason\": \"first\"}");
        api.put("/v1/keys/api.history/holds/carol", "{\"reason\": \"second\"}");
        Answer page = api.get("/v1/keys/api.history/history?limit=1");
        var newest = page.body().get("changes").get(0);
        assertThat(newest.get("action").asString()).isEqualTo("acquire");
        assertThat(newest.get("holder").asString()).isEqualTo("carol");
        assertThat(newest.get("count").asInt()).isEqualTo(2);
        var older = api.get("/v1/keys/api.history/history?before="
                        + page.body().get("next").asLong())
                .body()
                .get("changes")
                .get(0);
        assertThat(older.get("reason").asString()).isEqualTo("first");
        assertThat(older.get("actor").asString()).isEqualTo("anonymous");
    }

    @Test
    void aWatcherGetsASnapshotAndThenTheChanges() throws IOException {
        api.post("/v1/keys/watch.a/increment", null);
        URI uri = URI.create("http://127.0.0.1:" + port + "/v1/watch?prefix=watch.");
        try (var in = new BufferedReader(new InputStreamReader(uri.toURL().openStream(), StandardCharsets.UTF_8))) {
            List<String> snapshot = event(in);
            assertThat(snapshot).contains("event: snapshot").anyMatch(line -> line.contains("\"watch.a\""));
            api.post("/v1/keys/other/increment", null);
            api.post("/v1/keys/watch.b/increment", null);
            assertThat(event(in)).contains("event: change").anyMatch(line -> line.contains("\"watch.b\""));
        }
    }

    private static List<String> event(BufferedReader in) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            lines.add(line);
        }
        return lines;
    }
}
