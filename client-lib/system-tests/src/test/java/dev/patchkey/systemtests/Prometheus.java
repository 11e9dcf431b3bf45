package dev.patchkey.systemtests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/** Prometheus as a process of its own, which scrapes every two seconds and has loaded the rules. */
final class Prometheus implements AutoCloseable {

    private static final String PROGRAM = "prometheus";

    /** What Grafana makes of the interval of the scrapes: four of them. */
    static final String RATE_INTERVAL = "8s";

    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = ServiceProcess.freePort();
    private final Process process;

    /** @param jobs as in {@code scrape_configs}, indented by two */
    Prometheus(Path rules, String jobs) {
        Path directory = Processes.directory(PROGRAM);
        try {
            Path configuration = Files.writeString(directory.resolve("prometheus.yml"), """
                    global:
                      scrape_interval: 2s
                      scrape_timeout: 2s
                      evaluation_interval: 2s
                    rule_files:
                      - %s
                    scrape_configs:
                    %s""".formatted(
                            rules.toAbsolutePath().normalize(), jobs));
            process = new ProcessBuilder(
                            PROGRAM,
                            "--config.file=" + configuration.toAbsolutePath(),
                            "--storage.tsdb.path=" + directory.resolve("data").toAbsolutePath(),
                            "--web.listen-address=127.0.0.1:" + port)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("prometheus.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Prometheus cannot be started; as root: apt-get install prometheus", e);
        }
        Awaitility.await("Prometheus is ready; its log is in " + directory)
                .atMost(START)
                .until(this::isReady);
    }

    private boolean isReady() {
        if (!process.isAlive()) {
            throw new AssertionError("Prometheus has ended with " + process.exitValue());
        }
        try {
            return send("/-/ready").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpResponse<String> send(String path) throws IOException {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(ANSWER)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private JsonNode data(String path) {
        try {
            JsonNode answer = JSON.readTree(send(path).body());
            if (!answer.path("status").asText().equals("success")) {
                throw new AssertionError(path + ": " + answer);
            }
            return answer.path("data");
        } catch (IOException e) {
            throw new UncheckedIOException("Prometheus did not answer " + path, e);
        }
    }

    /** Whether the expression has data now: a sample at least that is a number. */
    boolean answers(String expression) {
        JsonNode data = data("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        for (JsonNode sample : data.path("result")) {
            if (!sample.path("value").path(1).asText("NaN").equals("NaN")) {
                return true;
            }
        }
        return false;
    }

    /**
     * The rules that it has loaded, in its own words.
     *
     * @param type {@code recording} or {@code alerting}
     */
    List<Question> rules(String type) {
        List<Question> rules = new ArrayList<>();
        for (JsonNode group : data("/api/v1/rules").path("groups")) {
            for (JsonNode rule : group.path("rules")) {
                if (rule.path("type").asText().equals(type)) {
                    rules.add(new Question(
                            rule.path("name").asText(), rule.path("query").asText()));
                }
            }
        }
        return rules;
    }

    @Override
    public void close() {
        Processes.stop(process);
    }
}
