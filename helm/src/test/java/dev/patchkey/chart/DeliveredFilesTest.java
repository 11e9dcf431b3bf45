package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dashboards and rules reach the cluster as they are in their folders, whatever braces they have. */
class DeliveredFilesTest {

    private static final String ALL = "everything-values.yaml";

    /** With what Helm would take for its own, and the most that a ConfigMap may have is far away. */
    private static final String DASHBOARD = """
            {"title": "Planted", "panels": [{"legendFormat": "{{key}} {{ .Values.replicas }}", "expr": "a > 1\\n\\"b\\""}]}
            """;

    private static final String RULES = """
            groups:
              - name: planted
                interval: 30s
                rules:
                  - alert: Planted
                    expr: |
                      max by (key) (planted{job="patchkey"}) > 1
                    for: 5m
                    labels: {severity: page}
                    annotations: {summary: '{{ $labels.key }} is {{ $value | humanize }}'}
                  - {record: planted:rate, expr: 'rate(planted[5m])'}
            """;

    /** A ConfigMap is refused above 1 MiB; what keeps the former version of it needs room too. */
    private static final int LARGEST = 900_000;

    @TempDir
    private Path temporary;

    private Chart chart = new Chart(Path.of(""));

    @BeforeEach
    void plant() throws IOException {
        chart = Chart.copyTo(temporary);
        Files.createDirectories(chart.directory().resolve("dashboards"));
        Files.createDirectories(chart.directory().resolve("rules"));
        Files.writeString(chart.directory().resolve("dashboards/planted.json"), DASHBOARD);
        Files.writeString(chart.directory().resolve("rules/planted.yaml"), RULES);
    }

    @Test
    void eachDashboardIsInAConfigMapThatTheSidecarFinds() throws IOException {
        Documents documents = chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf(ALL));
        for (Path file : files("dashboards", ".json")) {
            String name = file.getFileName().toString();
            JsonNode map = documents.one("ConfigMap", "team-keys-dashboard-" + name.replace(".json", ""));
            String delivered = map.path("data").path(name).asText();
            assertThat(delivered).isEqualTo(Files.readString(file).strip());
            assertThat(new ObjectMapper().readTree(delivered).path("title").asText())
                    .isNotEmpty();
            assertThat(delivered.length()).as("%s", name).isLessThan(LARGEST);
            assertThat(map.at("/metadata/labels").path("example.org/dashboard").asText())
                    .isEqualTo("keys");
            assertThat(map.at("/metadata/annotations/grafana_folder").asText()).isEqualTo("Patchkey");
        }
    }

    @Test
    void eachFileOfRulesIsAPrometheusRule() throws IOException {
        Documents documents = chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf(ALL));
        for (Path file : files("rules", ".yaml")) {
            JsonNode rule = documents.one(
                    "PrometheusRule",
                    "team-keys-" + file.getFileName().toString().replace(".yaml", ""));
            OperatorModel.check(rule);
            assertThat(rule.path("spec")).isEqualTo(Documents.parseOne(Files.readString(file)));
            assertThat(rule.at("/metadata/labels/release").asText()).isEqualTo("prometheus");
        }
    }

    @Test
    void eachAlertHasTheAddressOfItsPageWhereThePagesArePublished() throws IOException {
        for (String end : List.of("", "/")) {
            Documents documents = chart.render(
                    ALL, "prometheusRule: {runbookBaseUrl: 'https://example.org/runbooks%s'}".formatted(end));
            int alerts = 0;
            for (JsonNode group :
                    documents.one("PrometheusRule", "team-keys-patchkey").at("/spec/groups")) {
                for (JsonNode rule : group.path("rules")) {
                    if (rule.has("alert")) {
                        alerts++;
                        assertThat(rule.path("annotations").has("runbook")).isFalse();
                        String url = rule.at("/annotations/runbook_url").asText();
                        assertThat(url).matches("https://example\\.org/runbooks/[a-z-]+\\.md");
                        assertThat(Path.of("../docs/how-to/runbooks").resolve(url.substring(url.lastIndexOf('/') + 1)))
                                .exists();
                    } else {
                        assertThat(rule.has("annotations")).isFalse();
                    }
                }
            }
            assertThat(alerts).isGreaterThan(10);
        }
    }

    @Test
    void neitherIsDeliveredUnlessAskedFor() {
        Documents documents = chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf("jdbc-values.yaml"));
        assertThat(documents.ofKind("PrometheusRule")).isEmpty();
        assertThat(documents.ofKind("ConfigMap")).hasSize(1);
    }

    @Test
    void aFileThatHasNoRulesIsRefusedByItsName() throws IOException {
        Files.writeString(chart.directory().resolve("rules/planted.yaml"), "rule_files: [other.yaml]\n");
        assertThatThrownBy(() -> chart.text(Chart.OLDEST_KUBERNETES, Chart.valuesOf(ALL)))
                .hasMessageContaining("rules/planted.yaml must be a file of rules, with the one field groups");
    }

    private List<Path> files(String folder, String end) throws IOException {
        try (Stream<Path> files = Files.list(chart.directory().resolve(folder))) {
            return files.filter(file -> file.toString().endsWith(end)).toList();
        }
    }
}
