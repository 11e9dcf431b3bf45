package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the chart is rendered to, for each case and several versions of Kubernetes, is what that Kubernetes takes. */
class RenderedTest {

    /** From the oldest that the chart is for to the newest whose objects are on the class path. */
    private static final List<String> VERSIONS = List.of("1.30.0", "1.32.4", "1.34.1", "1.36.0");

    private static final KubernetesModel OLDEST = KubernetesModel.oldest();
    private static final KubernetesModel NEWEST = KubernetesModel.newest();

    @TempDir
    private static Path temporary;

    private static Chart chart = new Chart(Path.of(""));

    @BeforeAll
    static void copy() {
        chart = Chart.copyTo(temporary);
    }

    static Stream<String> cases() {
        return Chart.cases().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachDocumentIsStrictlyOneOfKubernetes(String name) throws IOException {
        for (JsonNode document :
                chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf(name)).all()) {
            if (OperatorModel.knows(document)) {
                OperatorModel.check(document);
            } else {
                OLDEST.check(document);
                NEWEST.check(document);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachVersionOfKubernetesGetsTheSame(String name) {
        Set<String> texts = VERSIONS.stream()
                .map(version -> chart.text(version, Chart.valuesOf(name)))
                .collect(Collectors.toSet());
        assertThat(texts).hasSize(1);
    }

    @Test
    void anOlderKubernetesIsRefused() {
        assertThatThrownBy(() -> chart.text("1.29.14", Chart.valuesOf("jdbc-values.yaml")))
                .hasMessageContaining("kubeVersion: >=1.30.0-0")
                .hasMessageContaining("1.29.14");
    }

    @Test
    void allThatTheChartHasIsInSomeCase() {
        Set<String> kinds = new TreeSet<>();
        for (String name : Chart.cases()) {
            chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf(name))
                    .all()
                    .forEach(document -> kinds.add(document.path("kind").asText()));
        }
        assertThat(kinds)
                .contains(
                        "ConfigMap",
                        "HTTPRoute",
                        "HorizontalPodAutoscaler",
                        "Ingress",
                        "NetworkPolicy",
                        "Pod",
                        "PodDisruptionBudget",
                        "Service",
                        "ServiceAccount",
                        "ServiceMonitor",
                        "StatefulSet");
    }

    /** Or the tests of documents would show nothing. */
    @Test
    void aFieldThatKubernetesHasNotIsFound() throws IOException {
        String text = chart.text(Chart.OLDEST_KUBERNETES, Chart.valuesOf("everything-values.yaml"));
        assertFound(text.replace("revisionHistoryLimit: 5", "revisionHistory: 5"));
        assertFound(text.replace("podManagementPolicy: Parallel", "podManagement: Parallel"));
        assertFound(text.replace("containerPort: 8443", "containerPort: '8443'"));
        assertFound(text.replace("minReadySeconds: 20", "minReadySeconds: true"));
        assertFound(text.replace("scrapeTimeout: 5s", "scrapeTimeOut: 5s"));
        assertFound(text.replace("backendRequest: 0s", "backendRequests: 0s"));
    }

    private static void assertFound(String text) throws IOException {
        int wrong = 0;
        for (JsonNode document : Documents.parse(text).all()) {
            try {
                if (OperatorModel.knows(document)) {
                    OperatorModel.check(document);
                } else {
                    OLDEST.check(document);
                    NEWEST.check(document);
                }
            } catch (AssertionError e) {
                wrong++;
            }
        }
        assertThat(wrong).as("documents of\n%s\nthat are wrong", text).isEqualTo(1);
    }
}
