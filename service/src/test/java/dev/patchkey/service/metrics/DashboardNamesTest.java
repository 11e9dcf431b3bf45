package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard and the rules ask for what the page of metrics has, and each alert has a page that says what to do. */
class DashboardNamesTest {

    private static final Path PAGE = Path.of("../docs/reference/metrics.md");
    private static final Path DASHBOARD = Path.of("../helm/patchkey/dashboards/patchkey.json");
    private static final Path RULES = Path.of("../helm/patchkey/rules/patchkey.yaml");
    private static final Path RUNBOOKS = Path.of("../docs/how-to/runbooks");
    private static final Pattern METER = Pattern.compile("`(patchkey_[a-z_]+)` \\| (counter|gauge|timer|histogram) ");
    private static final Pattern ASKED = Pattern.compile("(?<![:a-z_])patchkey_[a-z_]+");
    private static final Pattern RUNBOOK = Pattern.compile("runbook: docs/how-to/runbooks/([a-z-]+)\\.md");
    private static final Pattern ALERT = Pattern.compile("alert: (\\w+)");

    private static Set<String> known() throws IOException {
        Set<String> known = new TreeSet<>();
        Matcher meter = METER.matcher(Files.readString(PAGE));
        while (meter.find()) {
            known.add(meter.group(1));
            if (Set.of("timer", "histogram").contains(meter.group(2))) {
                for (String suffix : List.of("_bucket", "_count", "_sum", "_max")) {
                    known.add(meter.group(1) + suffix);
                }
            }
        }
        return known;
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(match -> match.group(match.groupCount()))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dashboards/patchkey.json", "rules/patchkey.yaml"})
    void asksForNothingThatThePageDoesNotHave(String file) throws IOException {
        List<String> asked =
                all(ASKED, Files.readString(Path.of("../helm/patchkey").resolve(file)));
        assertThat(asked).hasSizeGreaterThan(10);
        assertThat(known()).containsAll(asked);
    }

    @Test
    void eachAlertHasARunbookAndEachRunbookAnAlert() throws IOException {
        String rules = Files.readString(RULES);
        List<String> alerts = all(ALERT, rules);
        List<String> runbooks = all(RUNBOOK, rules);
        assertThat(alerts).hasSizeGreaterThan(6).doesNotHaveDuplicates();
        assertThat(runbooks).hasSameSizeAs(alerts);
        for (int i = 0; i < alerts.size(); i++) {
            assertThat(Files.readString(RUNBOOKS.resolve(runbooks.get(i) + ".md")))
                    .startsWith("# " + alerts.get(i) + "\n");
        }
        try (Stream<Path> pages = Files.list(RUNBOOKS)) {
            assertThat(pages.map(page -> page.getFileName().toString().replace(".md", "")))
                    .containsExactlyInAnyOrderElementsOf(runbooks);
        }
    }

    @Test
    void everyPanelAsksItsQuestionOfTheChosenDataSourceAndServiceOrApplications() throws IOException {
        JsonNode dashboard = new JsonMapper().readTree(Files.readString(DASHBOARD));
        assertThat(dashboard.path("templating").path("list").get(0).path("type").asString())
                .isEqualTo("datasource");
        assertThat(dashboard.path("panels").size()).isGreaterThan(20);
        Set<Integer> ids = new TreeSet<>();
        for (JsonNode panel : dashboard.path("panels")) {
            assertThat(ids.add(panel.path("id").asInt())).isTrue();
            if (!panel.path("type").asString().equals("row")) {
                assertThat(panel.path("targets").size()).isPositive();
            }
            for (JsonNode target : panel.path("targets")) {
                assertThat(target.path("datasource").path("uid").asString()).isEqualTo("${datasource}");
                // Nodes are scraped as what their applications are called.
                String expression = target.path("expr").asString();
                assertThat(expression)
                        .contains(
                                expression.contains("patchkey_node_")
                                                && !expression.contains("patchkey_node_lag_seconds")
                                        ? "job=~\"$application\""
                                        : "job=\"$job\"");
            }
        }
    }
}
