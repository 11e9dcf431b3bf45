package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.jdbc.PostgreSqlServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/** One of several pods is told to go, as by SIGTERM, while it is busy. */
class GracefulLeaveTest {
    private static final int FIRST_PORT = 25_841;
    private static final int CALLERS = 4;
    private static final KeyName KEY = new KeyName("leave");

    /** What a pod is given by default, from SIGTERM to SIGKILL. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<String> order = new CopyOnWriteArrayList<>();
    private final Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    private final AtomicInteger acknowledged = new AtomicInteger();
    private volatile boolean enough;

    private ConfigurableApplicationContext start(String store, String cluster, String database, int pods, int pod) {
        String members = IntStream.range(0, pods)
                .mapToObj(i -> "127.0.0.1:" + (FIRST_PORT + i))
                .collect(Collectors.joining(","));
        return new SpringApplicationBuilder(PatchkeyService.class)
                .listeners((ApplicationListener<AvailabilityChangeEvent<?>>) event -> {
                    if (event.getState() == ReadinessState.REFUSING_TRAFFIC) {
                        order.add("unready");
                    }
                })
                .run(
                        "--server.port=0",
                        "--patchkey.store=" + store,
                        "--patchkey.cluster.name=" + cluster,
                        "--patchkey.cluster.port=" + (FIRST_PORT + pod),
                        "--patchkey.cluster.discovery=static",
                        "--patchkey.cluster.members=" + members,
                        "--patchkey.cluster.size=" + pods,
                        "--spring.datasource.url=" + database,
                        "--spring.datasource.username=" + PostgreSqlServer.USER);
    }

    private static int port(ConfigurableApplicationContext pod) {
        return pod.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    private HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(40));
    }

    private HttpRequest change(int port, String query, String idempotencyKey) {
        return request(port, "/v1/keys/" + KEY + "/increment" + query)
                .header("Idempotency-Key", idempotencyKey)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
    }

    /** Increments through the pod that leaves as long as it answers, then through one that stays. */
    private void call(int caller, int leaving, int staying) {
        int port = leaving;
        for (int i = 0; !enough; i++) {
            boolean done = false;
            for (int attempt = 0; !done && attempt < 100; attempt++) {
                try {
                    HttpResponse<String> answer =
                            http.send(change(port, "", caller + "-" + i), BodyHandlers.ofString());
                    statuses.add(answer.statusCode());
                    done = answer.statusCode() == 200;
                } catch (IOException gone) {
                    port = staying;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                if (!done) {
                    port = staying;
                }
            }
            assertThat(done).as("increment %d of caller %d", i, caller).isTrue();
            acknowledged.incrementAndGet();
        }
    }

    /** Where pods have just met, a copy of one's row may not be confirmed yet: it turns nodes away, and they come again. */
    private static WireNode welcomed(int port) {
        AtomicReference<WireNode> welcomed = new AtomicReference<>();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            WireNode node = WireNode.connect(port).hello("n1", UUID.randomUUID().toString());
            node.expect("welcome");
            welcomed.set(node);
        });
        return welcomed.get();
    }

    @ParameterizedTest
    @CsvSource({"jdbc, 2", "hazelcast, 3"})
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled when a pod leaves")
    void itAnswersWhatItHasTakenSendsItsNodesAndWatchersAwayAndLosesNothing(String store, int pods) throws Exception {
        String cluster = "leave-" + UUID.randomUUID();
        PostgreSqlServer server = PostgreSqlServer.shared();
        String database = server.url(server.createDatabase());
        List<ConfigurableApplicationContext> all = new ArrayList<>();
        try {
            for (int pod = 0; pod < pods; pod++) {
                all.add(start(store, cluster, database, pods, pod));
            }
            ConfigurableApplicationContext leaving = all.getFirst();
            ConfigurableApplicationContext staying = all.getLast();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> http.send(
                                            request(port(staying), "/actuator/health/readiness")
                                                    .build(),
                                            BodyHandlers.discarding())
                                    .statusCode()
                            == 200);

            WireNode node = welcomed(port(leaving));
            node.expect("snapshot");
            CompletableFuture<Void> nodeLeft =
                    CompletableFuture.supplyAsync(node::closeCode).thenAccept(code -> order.add("node " + code));
            CompletableFuture<Void> watcherLeft = http.sendAsync(
                            request(port(leaving), "/v1/watch").build(), BodyHandlers.ofString())
                    .thenAccept(events -> {
                        order.add("watcher");
                        assertThat(events.body()).startsWith("event: snapshot");
                    });
            List<CompletableFuture<Void>> callers = IntStream.range(0, CALLERS)
                    .mapToObj(caller -> CompletableFuture.runAsync(
                            () -> call(caller, port(leaving), port(staying)), Thread::startVirtualThread))
                    .toList();
            // The node never says that it has applied anything, so this one waits until the pod leaves.
            CompletableFuture<Integer> waiting = http.sendAsync(
                            change(port(leaving), "?await=applied&timeout=PT2M", "waiting"), BodyHandlers.ofString())
                    .thenApply(HttpResponse::statusCode);
            await().until(() -> acknowledged.get() > 100);

            long begun = System.nanoTime();
            leaving.close();
            order.add("gone");
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .as("within the grace period")
                    .isLessThan(GRACE);

            assertThat(waiting.get(1, TimeUnit.SECONDS))
                    .as("what was in flight is answered")
                    .isEqualTo(202);
            nodeLeft.get(1, TimeUnit.SECONDS);
            watcherLeft.get(1, TimeUnit.SECONDS);
            assertThat(order.getFirst()).isEqualTo("unready");
            assertThat(order).containsExactlyInAnyOrder("unready", "node 1001", "watcher", "gone");
            assertThat(order.getLast()).isEqualTo("gone");

            int before = acknowledged.get();
            await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.get() > before + 100);
            enough = true;
            callers.forEach(CompletableFuture::join);
            assertThat(statuses).as("answers during the leave").isSubsetOf(200, 503);
            assertThat(staying.getBean(ReferenceCounts.class)
                            .read(KEY, Consistency.STRONG)
                            .state()
                            .count())
                    .isEqualTo(acknowledged.get() + 1);
        } finally {
            enough = true;
            all.reversed().forEach(ConfigurableApplicationContext::close);
        }
    }
}
