package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the chart tells the service are settings that it has, and what it has can be told by values. */
class SettingsTest {

    private static final Path REFERENCE = Path.of("../docs/reference/configuration.md");

    /** What the chart does not set, each with the reason. */
    private static final Map<String, String> LEFT_OUT = Map.of(
            "patchkey.epoch.begin-new", "for one start, by extraEnv",
            "patchkey.security.tokens[i].name", "in the Secret that security.tokens names",
            "patchkey.security.tokens[i].role", "in the same",
            "patchkey.security.tokens[i].hashes", "in the same",
            "patchkey.security.tokens[i].prefixes", "in the same",
            "patchkey.security.tokens[i].read-prefixes", "in the same",
            "server.forward-headers-strategy", "takes no other value",
            "server.max-http-request-header-size", "by extraEnv, for who has larger tokens");

    /** Of the reference's sections, those whose every setting is for who runs the service. */
    private static final Pattern PREFIXES =
            Pattern.compile("patchkey\\..*|spring\\.security\\..*|.*\\.ssl\\..*|server\\..*");

    /** Those of the values that are groups of settings. */
    private static final List<String> GROUPS = List.of("limits", "holds", "channel", "history", "metrics");

    @TempDir
    private static Path temporary;

    private static Chart chart = new Chart(Path.of(""));

    private static Set<String> set = Set.of();
    private static Set<String> documented = Set.of();

    @BeforeAll
    static void collect() throws IOException {
        chart = Chart.copyTo(temporary);
        set = new TreeSet<>();
        for (String name : Chart.cases()) {
            collect("", chart.render(name, "{}").settings(), set);
        }
        collect(
                "",
                chart.render(
                                "jdbc-values.yaml",
                                "security: {jwt: {publicKeySecretName: key, audiences: [a], prefixesClaim: p}}")
                        .settings(),
                set);
        documented = documented();
    }

    private static void collect(String name, JsonNode value, Set<String> names) {
        if (value.isObject()) {
            value.properties()
                    .forEach(field -> collect(
                            name.isEmpty() ? field.getKey() : name + "." + field.getKey(), field.getValue(), names));
        } else if (value.isArray() && value.path(0).isObject()) {
            collect(name + "[i]", value.path(0), names);
        } else {
            names.add(name);
        }
    }

    /** The names in the first column of the reference's tables; {@code .password} stands for its neighbour's last part. */
    private static Set<String> documented() throws IOException {
        Set<String> names = new TreeSet<>();
        for (Matcher row = Pattern.compile("(?m)^\\| (`[^|]+) \\|").matcher(Files.readString(REFERENCE));
                row.find(); ) {
            String before = "";
            for (Matcher name = Pattern.compile("`([^`]+)`").matcher(row.group(1)); name.find(); ) {
                String full = name.group(1).startsWith(".")
                        ? before.substring(0, before.lastIndexOf('.')) + name.group(1)
                        : name.group(1);
                before = full;
                names.add(full);
            }
        }
        return names;
    }

    @Test
    void eachSettingOfTheServiceThatIsSetIsInItsReference() {
        assertThat(set.stream().filter(name -> name.startsWith("patchkey.")))
                .hasSizeGreaterThan(25)
                .allMatch(documented::contains);
    }

    /** Values of a group are named after their settings, so that one is not another's. */
    @Test
    void eachValueOfAGroupReachesTheSettingOfItsName() throws IOException {
        JsonNode defaults = Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("values.yaml")));
        Map<String, String> expected = new TreeMap<>();
        StringBuilder values = new StringBuilder();
        int number = 1000;
        for (String group : GROUPS) {
            values.append(group).append(":\n");
            for (Map.Entry<String, JsonNode> field : defaults.path(group).properties()) {
                number++;
                String value = field.getValue().isNumber() ? String.valueOf(number) : duration(field, number);
                values.append("  ")
                        .append(field.getKey())
                        .append(": ")
                        .append(value)
                        .append('\n');
                expected.put("patchkey." + group + "." + kebab(field.getKey()), value);
            }
        }
        // The one that is the web server's.
        expected.put(
                "server.jetty.max-connections", Objects.requireNonNull(expected.remove("patchkey.limits.connections")));
        JsonNode settings = chart.render("jdbc-values.yaml", values.toString()).settings();
        Map<String, String> written = new TreeMap<>();
        expected.keySet()
                .forEach(name -> written.put(
                        name, settings.at("/" + name.replace('.', '/')).asText()));
        assertThat(written).hasSizeGreaterThan(13).isEqualTo(expected);
    }

    /** Another for each, written as the default is. */
    private static String duration(Map.Entry<String, JsonNode> field, int number) {
        return field.getValue().asText().matches("P.*|") ? "P" + number + "D" : number + "s";
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    @Test
    void eachSettingInTheReferenceCanBeSetByValues() {
        Set<String> missing = new TreeSet<>(documented);
        missing.removeIf(name -> !PREFIXES.matcher(name).matches());
        assertThat(missing).contains("patchkey.security.tokens-file", "server.ssl.bundle", "patchkey.limits.burst");
        missing.removeAll(set);
        assertThat(missing).isEqualTo(new TreeSet<>(LEFT_OUT.keySet()));
    }
}
