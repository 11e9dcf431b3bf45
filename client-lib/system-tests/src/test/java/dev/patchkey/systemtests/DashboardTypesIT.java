package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dashboard is what Grafana's own types say that one is. */
class DashboardTypesIT {

    private static final Path CHECK = Path.of("src/test/dashboard");
    private static final Path DASHBOARD = Path.of("../../helm/patchkey/dashboards/patchkey.json");

    /** A download of a few megabytes takes seconds, and so does the compiler. */
    private static final int SECONDS = 120;

    private static Path directory;

    @BeforeAll
    static void install() throws IOException {
        directory = Processes.directory("dashboard");
        for (String file : List.of("package.json", "package-lock.json", ".npmrc", "types.d.ts", "check.mjs")) {
            Files.copy(CHECK.resolve(file), directory.resolve(file));
        }
        Processes.run(SECONDS, directory, "npm", "ci", "--no-audit", "--no-fund");
    }

    private static String check(String dashboard) throws IOException {
        Files.writeString(directory.resolve("dashboard.json"), dashboard);
        return Processes.run(SECONDS, directory, "node", "check.mjs", "dashboard.json");
    }

    @Test
    void theDashboardHasTheTypesOfTheSchema() throws IOException {
        assertThat(check(Files.readString(DASHBOARD))).contains("the dashboard has the types of @grafana/schema");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "\"graphMode\": \"area\"|\"graphMode\": \"areas\"",
                "\"type\": \"timeseries\"|\"type\": \"timeserie\"",
                "\"drawStyle\": \"line\"|\"drawStyle\": \"lines\"",
                "\"mode\": \"absolute\"|\"mode\": \"relative\"",
                "\"refId\": \"A\"|\"id\": \"A\"",
                "\"graphTooltip\": 1|\"graphTooltip\": 7",
                "\"gridPos\": {|\"gridPosition\": {",
            })
    void whatTheSchemaDoesNotHaveIsFound(String right, String wrong) throws IOException {
        String dashboard = Files.readString(DASHBOARD);
        assertThat(dashboard).contains(right);
        String broken = dashboard.replace(right, wrong);
        assertThatThrownBy(() -> check(broken)).hasMessageContaining("error TS");
    }
}
