package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.patchkey.service.PatchkeyService;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** A trace goes from a request to the row of its change, where requests are traced. */
class TracesTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    private Path directory;

    /** What has been sent to the collector. */
    private final Set<String> collected = ConcurrentHashMap.newKeySet();

    private HttpServer collector;

    @SuppressWarnings("NullAway.Init") // collect() is run first
    TracesTest() {}

    @BeforeEach
    void collect() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/", exchange -> {
            collected.add(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
    }

    @AfterEach
    void stop() {
        collector.stop(0);
    }

    private ConfigurableApplicationContext start(String... settings) {
        String[] arguments = new String[settings.length + 3];
        arguments[0] = "--server.port=0";
        arguments[1] = "--patchkey.cluster.name=" + UUID.randomUUID();
        arguments[2] = "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("patchkey") + ";WRITE_DELAY=0";
        System.arraycopy(settings, 0, arguments, 3, settings.length);
        return new SpringApplicationBuilder(PatchkeyService.class).run(arguments);
    }

    private static HttpApi api(ConfigurableApplicationContext service) {
        return new HttpApi(service.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
    }

    private static JsonNode history(HttpApi api, String key) {
        return api.get("/v1/keys/" + key + "/history").body().get("changes");
    }

    private String collector(String path) {
        return "http://127.0.0.1:" + collector.getAddress().getPort() + path;
    }

    @Test
    void withAnEndpointAChangeKeepsTheTraceOfItsRequest() {
        try (ConfigurableApplicationContext service = start(
                "--management.opentelemetry.tracing.export.otlp.endpoint=" + collector("/traces"),
                "--management.otlp.metrics.export.url=" + collector("/metrics"),
                "--management.otlp.metrics.export.step=1s")) {
            HttpApi api = api(service);
            api.post("/v1/keys/traced/increment", null, "traceparent", "00-" + TRACE + "-b7ad6b7169203331-01");
            api.post("/v1/keys/traced/increment", null, "traceparent", "00-" + TRACE + "-b7ad6b7169203331-00");
            api.post("/v1/keys/traced/increment", null);
            api.post("/v1/keys/traced/increment", null, "traceparent", "00-not a trace'; --");
            api.put("/v1/keys/traced/holds/me", null, "traceparent", "00-" + TRACE + "-b7ad6b7169203331-01");
            JsonNode lines = history(api, "traced");
            assertThat(lines).hasSize(5);
            assertThat(lines.get(0).get("traceId").asString()).isEqualTo(TRACE);
            assertThat(lines.get(3).get("traceId").asString())
                    .as("sampled or not")
                    .isEqualTo(TRACE);
            assertThat(lines.get(4).get("traceId").asString()).isEqualTo(TRACE);
            for (int own : new int[] {1, 2}) {
                assertThat(lines.get(own).get("traceId").asString())
                        .matches("[0-9a-f]{32}")
                        .isNotEqualTo(TRACE);
            }
            assertThat(lines.get(1).get("traceId")).isNotEqualTo(lines.get(2).get("traceId"));
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(collected).contains("/traces", "/metrics"));
            assertThat(api.get("/actuator/prometheus").status()).isEqualTo(200);
        }
    }

    @Test
    void withoutAnEndpointNothingIsTracedOrSent() {
        try (ConfigurableApplicationContext service = start()) {
            HttpApi api = api(service);
            api.post("/v1/keys/untraced/increment", null, "traceparent", "00-" + TRACE + "-b7ad6b7169203331-01");
            JsonNode line = history(api, "untraced").get(0);
            assertThat(line.has("revision")).isTrue();
            assertThat(line.has("traceId")).isFalse();
            assertThat(service.getBeanProvider(Tracer.class).getIfAvailable()).isNull();
            assertThat(service.getBeansOfType(MeterRegistry.class).values())
                    .singleElement()
                    .extracting(registry -> registry.getClass().getSimpleName())
                    .isEqualTo("PrometheusMeterRegistry");
        }
    }
}
