package dev.patchkey.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.KeyRebind;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of metrics and what a node exports are the same, both ways. */
class MetricsPageTest {

    private static final Path PAGE = Path.of("../../docs/reference/metrics.md");
    private static final Pattern SECTION = Pattern.compile("(?ms)^## On a node$(.*?)^## ");
    private static final Pattern METER = Pattern.compile(
            "(?m)^\\| `(patchkey\\.[a-z.]+)` \\| `(patchkey_[a-z_]+)` \\| (counter|gauge|timer) \\|([^|]*)\\| .+ \\|$");
    private static final Pattern LABEL = Pattern.compile("`([a-z]+)`(?: \\(([^)]*)\\))?");
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{(.*)})? \\S+");
    private static final Pattern PAIR = Pattern.compile("([a-z]+)=\"([^\"]*)\"");

    /**
     * A meter, as the page or the scrape has it.
     *
     * @param labels with their values; none for a name
     */
    private record Line(String type, Map<String, Set<String>> labels) {}

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private static String section() throws IOException {
        Matcher section = SECTION.matcher(Files.readString(PAGE));
        assertThat(section.find()).isTrue();
        return section.group(1);
    }

    private String scrape() {
        StubNode node = new StubNode();
        try (PatchkeyMetrics metrics = PatchkeyMetrics.of(node)) {
            metrics.bindTo(registry);
            node.rebind(new KeyRebind("a", true, Duration.ofMillis(1)));
            return registry.scrape();
        }
    }

    private static Map<String, Line> documented() throws IOException {
        Map<String, Line> lines = new TreeMap<>();
        Matcher meter = METER.matcher(section());
        while (meter.find()) {
            assertThat(meter.group(2)).startsWith(meter.group(1).replace('.', '_'));
            Map<String, Set<String>> labels = new LinkedHashMap<>();
            // Outside of the parentheses there are labels, and inside their values.
            Matcher label = LABEL.matcher(meter.group(4));
            while (label.find()) {
                labels.put(label.group(1), label.group(2) == null ? Set.of() : values(label.group(2)));
            }
            boolean timer = meter.group(3).equals("timer");
            lines.put(meter.group(2), new Line(timer ? "histogram" : meter.group(3), labels));
            if (timer) {
                lines.put(meter.group(2) + "_max", new Line("gauge", labels));
            }
        }
        return lines;
    }

    private static Set<String> values(String list) {
        return Pattern.compile("`([a-z]+)`")
                .matcher(list)
                .results()
                .map(value -> value.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Map<String, Line> exported(String scrape) {
        Map<String, Line> lines = new TreeMap<>();
        for (String text : scrape.lines().toList()) {
            Matcher type = TYPE.matcher(text);
            Matcher sample = SAMPLE.matcher(text);
            if (type.matches()) {
                lines.put(type.group(1), new Line(type.group(2), new LinkedHashMap<>()));
            } else if (sample.matches()) {
                String family = lines.containsKey(sample.group(1))
                        ? sample.group(1)
                        : sample.group(1).replaceFirst("_(bucket|count|sum)$", "");
                Matcher pair = PAIR.matcher(sample.group(2) == null ? "" : sample.group(2));
                while (pair.find()) {
                    if (!pair.group(1).equals("le")) {
                        Objects.requireNonNull(lines.get(family), family)
                                .labels
                                .computeIfAbsent(pair.group(1), label -> new TreeSet<>())
                                .add(pair.group(2));
                    }
                }
            }
        }
        lines.values()
                .forEach(line -> line.labels.replaceAll((label, values) -> label.equals("key") ? Set.of() : values));
        return lines;
    }

    @Test
    void thePageHasEachMeterWithItsTypeAndItsLabelsAndNoOther() throws IOException {
        assertThat(documented()).hasSizeGreaterThan(15).isEqualTo(exported(scrape()));
    }

    @Test
    void theMetersHaveTheNamesOfMicrometerThatThePageHas() throws IOException {
        PatchkeyMetrics metrics = PatchkeyMetrics.of(new StubNode());
        metrics.bindTo(registry);
        Set<String> names = registry.getMeters().stream()
                .map(meter -> meter.getId().getName())
                .collect(Collectors.toCollection(TreeSet::new));
        metrics.close();
        assertThat(METER.matcher(section()).results().map(meter -> meter.group(1)))
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void theBucketsAndTheBoundsAreThoseOfThePage() throws IOException {
        String text = section().replace("\n", " ");
        assertThat(text)
                .contains("buckets are 50, 100, 250 and 500 µs, 1, 2.5, 5, 10, 25 and 100 ms, 1 s and 5 s")
                .contains("200 unless told otherwise and 10,000 at most")
                .contains("every 10 s unless");
        Set<Double> buckets = Pattern.compile("patchkey_node_rebind_seconds_bucket\\{.*le=\"([^\"+]+)\"")
                .matcher(scrape())
                .results()
                .map(bucket -> Double.valueOf(bucket.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(buckets)
                .containsExactly(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0, 5.0);
    }
}
