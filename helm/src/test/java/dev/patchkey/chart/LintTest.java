package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Helm finds nothing to blame in the chart, and packages it. */
class LintTest {

    private static final YAMLMapper YAML = new YAMLMapper();

    @TempDir
    private Path temporary;

    static Stream<String> cases() {
        return Chart.cases().stream();
    }

    @Test
    void theChartAsItIsPassesStrictLint() {
        assertPasses(Chart.ORIGINAL);
    }

    /** Lint takes no values, so those of the case become the chart's own. */
    @ParameterizedTest
    @MethodSource("cases")
    void theChartWithTheValuesOfACasePassesStrictLint(String name) throws IOException {
        Chart chart = Chart.copyTo(temporary);
        Path defaults = chart.directory().resolve("values.yaml");
        ObjectNode values = (ObjectNode) YAML.readTree(defaults.toFile());
        overlay(values, YAML.readTree(Chart.valuesOf(name).toFile()));
        YAML.writeValue(defaults.toFile(), values);
        assertPasses(chart.directory());
    }

    /** As Helm does: fields by their names, and lists whole. */
    private static void overlay(ObjectNode values, JsonNode others) {
        others.properties().forEach(field -> {
            if (values.get(field.getKey()) instanceof ObjectNode inner
                    && field.getValue().isObject()) {
                overlay(inner, field.getValue());
            } else {
                values.set(field.getKey(), field.getValue());
            }
        });
    }

    /** Or passing would show nothing. */
    @Test
    void lintFindsValuesThatBreakTheSchema() throws IOException {
        Chart chart = Chart.copyTo(temporary);
        Path defaults = chart.directory().resolve("values.yaml");
        Files.writeString(defaults, Files.readString(defaults).replace("replicas: 3", "replicas: three"));
        LintResult result = new Helm(chart.directory()).lint().strict().call();
        assertThat(result.isFailed()).isTrue();
        assertThat(String.join("\n", result.getMessages())).contains("replicas");
    }

    private static void assertPasses(Path directory) {
        LintResult result = new Helm(directory).lint().strict().call();
        String messages = String.join("\n", result.getMessages());
        assertThat(result.isFailed()).as(messages).isFalse();
        assertThat(messages).doesNotContain("[WARNING]").doesNotContain("[ERROR]");
    }

    @Test
    void thePackageHasWhatIsForAClusterAndNothingElse() throws IOException {
        new Helm(Chart.ORIGINAL).packageIt().withDestination(temporary).call();
        Path archive = temporary.resolve("patchkey-"
                + Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("Chart.yaml")))
                        .path("version")
                        .asText()
                + ".tgz");
        TreeSet<String> packaged =
                new TreeSet<>(Tar.ofGzip(Files.readAllBytes(archive)).keySet());
        TreeSet<String> expected = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Chart.ORIGINAL)) {
            files.filter(Files::isRegularFile)
                    .map(file -> "patchkey/"
                            + Chart.ORIGINAL.relativize(file).toString().replace('\\', '/'))
                    .filter(name -> !name.startsWith("patchkey/ci/") && !name.startsWith("patchkey/rules/tests/"))
                    .sorted(Comparator.naturalOrder())
                    .forEach(expected::add);
        }
        expected.remove("patchkey/.helmignore");
        packaged.remove("patchkey/.helmignore");
        assertThat(packaged).isEqualTo(expected);
    }
}
