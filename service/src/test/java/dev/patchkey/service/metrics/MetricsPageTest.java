package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.channel.WireNode;
import dev.patchkey.service.metrics.Scrape.Family;
import dev.patchkey.service.security.TestTokens;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The page of metrics and what a running service exports are the same, both ways. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsPageTest {

    private static final Path PAGE = Path.of("../docs/reference/metrics.md");

    /** What nodes export, which a test of theirs compares with the page. */
    private static final Pattern OF_NODES = Pattern.compile("(?ms)^## On a node$.*?(?=^## )");

    private static final Pattern METER = Pattern.compile(
            "\\| `(patchkey\\.[a-z.]+)` \\| `(patchkey_[a-z_]+)` \\| (counter|gauge|timer|histogram) \\|([^|]*)\\| .+ \\|");

    private static final Pattern LABEL = Pattern.compile("`([a-z]+)`(?: \\(([^)]*)\\))?");
    private static final Pattern VALUE = Pattern.compile("`([a-z-]+)`");
    private static final Pattern BEGINNING = Pattern.compile("\\| `([a-z_]+)` \\| .+ \\|");

    /**
     * A line of the page.
     *
     * @param labels with their values; none for a name
     */
    private record Line(String meter, String family, String type, Map<String, Set<String>> labels) {}

    private final List<Line> page = new ArrayList<>();
    private final List<String> beginnings = new ArrayList<>();
    private MeteredService service;
    private WireNode node;
    private Scrape scrape;

    /** Has the service show all that it ever shows. */
    @BeforeAll
    void scrapeAll(@TempDir Path directory) throws IOException {
        for (String line : OF_NODES.matcher(Files.readString(PAGE))
                .replaceFirst("")
                .lines()
                .toList()) {
            Matcher meter = METER.matcher(line);
            Matcher beginning = BEGINNING.matcher(line);
            if (meter.matches()) {
                page.add(new Line(meter.group(1), meter.group(2), meter.group(3), labels(meter.group(4))));
            } else if (beginning.matches() && !line.contains("patchkey")) {
                beginnings.add(beginning.group(1));
            }
        }
        service = new MeteredService(directory);
        assertThat(service.as("operator")
                        .put("/v1/keys/page.held/holds/operator:me", "{\"lease\": \"PT10M\"}")
                        .status())
                .isEqualTo(200);
        // It applies nothing, and so lags after a second.
        node = WireNode.connect(service.port, TestTokens.bearer("node"));
        node.hello("n1", UUID.randomUUID().toString()).expect("welcome");
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(service.scrape().families())
                    .containsKeys("patchkey_node_lag_seconds", "patchkey_hold_lease_rest_seconds");
        });
        scrape = service.scrape();
    }

    @AfterAll
    void stop() {
        service.close();
    }

    private static Set<String> ofNodes() {
        try {
            Matcher section = OF_NODES.matcher(Files.readString(PAGE));
            assertThat(section.find()).isTrue();
            return METER.matcher(section.group())
                    .results()
                    .map(line -> line.group(2))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Set<String>> labels(String cell) {
        Map<String, Set<String>> labels = new LinkedHashMap<>();
        Matcher label = LABEL.matcher(cell.replaceAll("\\([^)]*\\)", ""));
        while (label.find()) {
            labels.put(label.group(1), Set.of());
        }
        Matcher closed = LABEL.matcher(cell);
        while (closed.find()) {
            if (closed.group(2) != null) {
                Set<String> values = new TreeSet<>();
                Matcher value = VALUE.matcher(closed.group(2));
                while (value.find()) {
                    values.add(value.group(1));
                }
                labels.put(closed.group(1), values);
            }
        }
        return labels;
    }

    @Test
    void everyMeterOfThePageIsExportedAsItSays() {
        assertThat(page).hasSizeGreaterThan(30);
        MeterRegistry registry = service.context.getBean(MeterRegistry.class);
        for (Line line : page) {
            Family family = scrape.family(line.family());
            String type = line.type().equals("timer") ? "histogram" : line.type();
            assertThat(family.type()).as(line.family()).isEqualTo(type);
            assertThat(family.labels())
                    .as(line.family())
                    .isEqualTo(line.labels().keySet());
            assertThat(registry.find(line.meter()).meters()).as(line.meter()).isNotEmpty();
            if (line.type().equals("timer")) {
                assertThat(line.family()).endsWith("_seconds");
            }
            if (type.equals("histogram")) {
                assertThat(scrape.family(line.family() + "_max").type()).isEqualTo("gauge");
            }
        }
    }

    @Test
    void everyLabelHasTheValuesOfThePageAndNoOthers() {
        for (Line line : page) {
            Family family = scrape.family(line.family());
            boolean hasNames = line.labels().containsValue(Set.of());
            line.labels().forEach((label, values) -> {
                if (values.isEmpty()) {
                    return;
                }
                assertThat(values).as(line.family() + " " + label).containsAll(family.values(label));
                if (!hasNames) {
                    assertThat(family.values(label))
                            .as(line.family() + " " + label)
                            .isEqualTo(values);
                }
            });
        }
    }

    @Test
    void everyMeterThatIsExportedIsOnThePage() {
        Set<String> known = new TreeSet<>();
        for (Line line : page) {
            known.add(line.family());
            if (line.type().equals("timer") || line.type().equals("histogram")) {
                known.add(line.family() + "_max");
            }
        }
        Set<String> others = new TreeSet<>();
        for (String name : scrape.families().keySet()) {
            if (name.startsWith("patchkey")) {
                assertThat(ofNodes()).as("what nodes export").isNotEmpty().doesNotContain(name);
                assertThat(known).contains(name);
            } else {
                others.add(name);
                assertThat(beginnings)
                        .as(name + " begins with none of those on the page")
                        .anyMatch(name::startsWith);
            }
        }
        for (String beginning : beginnings) {
            assertThat(others).as("what begins with " + beginning).anyMatch(name -> name.startsWith(beginning));
        }
    }

    @Test
    void theBucketsAreThoseOfThePage() throws IOException {
        String text = Files.readString(PAGE).replace("\n", " ");
        assertThat(text).contains("the buckets 1, 2, 5, 10, 25, 50, 100 and 250 ms, 1 s   and 5 s");
        assertThat(scrape.family("patchkey_operations_seconds").values("le"))
                .containsExactlyInAnyOrder(
                        "0.001", "0.002", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "1.0", "5.0", "+Inf");
        assertThat(text).contains("Those of propagation have 15 s and 60 s too");
        for (String timer : List.of("sent", "applied", "awaits")) {
            assertThat(scrape.family("patchkey_propagation_" + timer + "_seconds")
                            .values("le"))
                    .as(timer)
                    .contains("5.0", "15.0", "60.0", "+Inf")
                    .hasSize(13);
        }
        assertThat(text).contains("buckets 1, 2, 5, 10, 25, 50, 100, 250 and 1000");
        assertThat(scrape.family("patchkey_store_batch_size").values("le"))
                .containsExactlyInAnyOrder(
                        "1.0", "2.0", "5.0", "10.0", "25.0", "50.0", "100.0", "250.0", "1000.0", "+Inf");
    }

    @Test
    void onlyAnObserverOfAllKeysMayReadThem() {
        for (String path : List.of("/actuator/prometheus", "/actuator/metrics", "/actuator/metrics/patchkey.keys")) {
            assertThat(service.as("observer").get(path).status()).as(path).isEqualTo(200);
            assertThat(service.as("admin").get(path).status()).as(path).isEqualTo(200);
            assertThat(service.as("node").get(path).status()).as(path).isEqualTo(403);
            assertThat(service.as("observer-team-a").get(path).status())
                    .as(path)
                    .isEqualTo(403);
            assertThat(service.as("nobody").get(path).status()).as(path).isEqualTo(401);
        }
        assertThat(service.as("observer-team-a").get("/actuator/prometheus").detail())
                .contains("all keys", "team-a.");
        assertThat(service.as("observer-team-a").get("/v1/keys").status()).isEqualTo(200);
    }
}
