package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.channel.WireNode;
import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever callers name, they make no more series than the bounds allow. */
class HostileNamesTest {

    private static final int BOUND = 5;
    private static final int NAMES = 40;

    /** Templates of calls, and what stands for all that fits none. */
    private static final Set<String> URIS = Set.of(
            "/v1/keys",
            "/v1/keys/{key}",
            "/v1/keys/{key}/history",
            "/v1/keys/{key}/increment",
            "/v1/keys/{key}/decrement",
            "/v1/keys/{key}/holds/{holder}",
            "/v1/nodes",
            "/v1/nodes/{node}",
            "/v1/tokens",
            "/v1/watch",
            "/v1/openapi",
            "/actuator",
            "/actuator/health",
            "/actuator/health/**",
            "/actuator/info",
            "/actuator/metrics",
            "/actuator/metrics/{requiredMetricName}",
            "/actuator/prometheus",
            "/**",
            "NOT_FOUND",
            "REDIRECTION",
            "UNKNOWN",
            "root");

    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "UNKNOWN");

    private MeteredService service;

    @BeforeEach
    void start(@TempDir Path directory) throws IOException {
        service = new MeteredService(
                directory,
                "--patchkey.metrics.keys=" + BOUND,
                "--patchkey.metrics.holds=" + BOUND,
                "--patchkey.metrics.nodes=" + BOUND);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    @Test
    void pathsAndMethodsMakeNoSeries() throws IOException {
        attackPaths("a");
        int before = service.scrape().series();
        for (String round : List.of("b", "c", "d")) {
            attackPaths(round);
        }
        Scrape after = service.scrape();
        assertThat(URIS)
                .containsAll(after.family("http_server_requests_seconds").values("uri"));
        assertThat(METHODS)
                .containsAll(after.family("http_server_requests_seconds").values("method"));
        // The scrape itself, and a collector that has run meanwhile, may have added theirs.
        assertThat(after.series()).isLessThan(before + 30);
    }

    private void attackPaths(String round) throws IOException {
        for (String caller : List.of("admin", "nobody")) {
            HttpApi api = service.as(caller);
            for (int i = 0; i < NAMES; i++) {
                String name = round + i;
                api.get("/" + name);
                api.get("/v1/" + name + "/x?q=" + name);
                api.get("/v1/keys/" + name + "/" + name);
                api.get("/v1/keys/" + name);
                api.get("/v1/keys/%C3%A4" + name);
                api.get("/v1/nodes/" + name);
                api.get("/actuator/" + name);
                api.get("/actuator/metrics/" + name);
                api.get("/actuator/health/" + name);
                api.send("M" + name, "/v1/keys", null);
                api.get("/v1/keys", "Patchkey-Session", name, "User-Agent", name, "X-Forwarded-Prefix", "/" + name);
            }
        }
        for (int i = 0; i < NAMES; i++) {
            raw("GET /v1/keys/" + round + i + "/../../" + round + i + " HTTP/1.1");
            raw(round + i + " /v1/keys HTTP/1.1");
            raw("GET http://" + round + i + "/v1/keys HTTP/1.1");
        }
    }

    /** What no client library sends. */
    private void raw(String line) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port)) {
            OutputStream out = socket.getOutputStream();
            out.write((line + "\r\nHost: " + line.hashCode() + "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 ");
        }
    }

    @Test
    void keysHoldersAndNodesMakeAsManySeriesAsTheBoundsAllow() {
        HttpApi admin = service.as("admin");
        String secret = "hunter2-" + UUID.randomUUID();
        List<WireNode> nodes = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            String hold = "/v1/keys/hostile." + i + "/holds/mallory:%40" + i;
            assertThat(admin.put(
                                    hold,
                                    "{\"reason\": \"" + secret + "\", \"lease\": \"PT10M\"}",
                                    "Idempotency-Key",
                                    secret + i)
                            .status())
                    .isEqualTo(200);
            WireNode node = WireNode.connect(service.port, TestTokens.bearer("node"));
            node.hello("n" + i, UUID.randomUUID().toString()).expect("welcome");
            nodes.add(node);
        }
        assertThat(nodes).hasSize(NAMES);
        Scrape scrape = awaitOmitted();
        assertThat(scrape.family("patchkey_key_references").samples()).hasSize(BOUND);
        assertThat(scrape.family("patchkey_key_edges_total").samples()).hasSize(2 * BOUND + 2);
        assertThat(scrape.family("patchkey_hold_age_seconds").samples()).hasSize(BOUND);
        assertThat(scrape.family("patchkey_hold_lease_rest_seconds").samples()).hasSize(BOUND);
        assertThat(scrape.family("patchkey_node_lag_seconds").samples()).hasSize(BOUND);
        assertThat(scrape.value("patchkey_keys", "state=enabled")).isEqualTo(NAMES);
        assertThat(scrape.value("patchkey_holds", "kind=operator")).isEqualTo(NAMES);
        assertThat(scrape.value("patchkey_key_edges_total", "direction=enable")).isEqualTo(NAMES);
        assertThat(scrape.value("patchkey_key_edges_total", "direction=enable", "key=_other"))
                .isEqualTo(NAMES - BOUND);
        assertThat(scrape.value("patchkey_nodes", "state=connected")).isEqualTo(NAMES);
        String text = service.text();
        assertThat(text).doesNotContain(secret, TestTokens.token("admin"), TestTokens.hash(TestTokens.token("admin")));
        assertThat(text).contains("hostile.0");
    }

    private Scrape awaitOmitted() {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            Scrape now = service.scrape();
            for (String kind : List.of("keys", "holds", "nodes")) {
                assertThat(now.value("patchkey_metrics_omitted", "kind=" + kind))
                        .as(kind)
                        .isEqualTo(NAMES - BOUND);
            }
        });
        return service.scrape();
    }
}
