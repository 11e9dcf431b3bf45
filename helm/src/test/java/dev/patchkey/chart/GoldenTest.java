package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the chart is rendered to has changed only where somebody has looked: {@code mvn -pl helm test -Dgolden.write=true}
 * writes the files anew, and the difference is for review.
 */
class GoldenTest {

    private static final Path GOLDEN = Path.of("src/test/golden");

    @TempDir
    private Path temporary;

    static Stream<String> cases() {
        return Chart.cases().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theChartIsRenderedToWhatWasReviewed(String name) throws IOException {
        String now = withoutDelivered(Chart.copyTo(temporary).text(Chart.OLDEST_KUBERNETES, Chart.valuesOf(name)));
        Path golden = GOLDEN.resolve(name.replace("-values", ""));
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(golden, now);
        }
        assertThat(golden).hasContent(now);
    }

    /** Dashboards and rules are delivered as they are, which another test shows; they would be here twice. */
    private static String withoutDelivered(String text) {
        return Arrays.stream(text.split("(?m)^---$"))
                .filter(document -> !document.contains("# Source: patchkey/templates/dashboards.yaml")
                        && !document.contains("# Source: patchkey/templates/prometheusrule.yaml"))
                .collect(Collectors.joining("---"));
    }
}
