package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who does what the guides say gets what they say: their values are rendered, and what they name is made by their commands. */
class GuideTest {

    private static final Path HOW_TO = Path.of("../docs/how-to");

    /** The values that are installed first, which the others of the guide are put over. */
    private static final String FIRST = "# patchkey.yaml\n";

    @TempDir
    private static Path temporary;

    private static Chart chart = new Chart(Path.of(""));
    private static String install = "";

    @BeforeAll
    static void read() throws IOException {
        chart = Chart.copyTo(temporary);
        install = Files.readString(HOW_TO.resolve("install-on-kubernetes.md"));
    }

    /** The blocks of a language in a page. */
    private static List<String> blocks(String page, String language) {
        return Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
                .matcher(page)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static Path firstValues() {
        return chart.write(blocks(install, "yaml").stream()
                .filter(block -> block.startsWith(FIRST))
                .findFirst()
                .orElseThrow(() -> new AssertionError("The guide has no values to begin with")));
    }

    @Test
    void theImageThatIsInstalledIsTheOneThatIsBuilt() throws IOException {
        String image = chart.render(Chart.OLDEST_KUBERNETES, firstValues())
                .container()
                .path("image")
                .asText();
        String page = Files.readString(HOW_TO.resolve("build-the-image.md"));
        String name = "registry\\.example\\.org/patchkey-service:[^\\s\"`]+";
        assertThat(Pattern.compile(name).matcher(page).results().map(found -> found.group()))
                .isNotEmpty()
                .containsOnly(image);
    }

    /** One without the other values is a part: it is rendered over the first. */
    @Test
    void allValuesOfTheGuideAreTakenByTheChart() {
        List<String> blocks = blocks(install, "yaml");
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(4);
        for (String block : blocks) {
            String removed = block.startsWith("store: hazelcast") ? "database: {url: '', secretName: ''}\n" : "";
            assertThatCode(() -> chart.render(Chart.OLDEST_KUBERNETES, firstValues(), chart.write(block + removed)))
                    .as(block)
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void eachSecretThatTheValuesNameIsMadeByACommand() {
        Set<String> named = new TreeSet<>();
        blocks(install, "yaml").forEach(block -> collectSecrets(Documents.parseOne(block), named));
        Set<String> made = Pattern.compile("create secret (?:generic|tls) (\\S+)")
                .matcher(String.join("", blocks(install, "sh")))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).hasSizeGreaterThanOrEqualTo(5).isEqualTo(made);
    }

    /** The number of pods and the variable, by whatever else the release has. */
    @Test
    void onePodBeginsANewEpochByTheValuesOfTheGuide() throws IOException {
        String page = Files.readString(HOW_TO.resolve("begin-a-new-epoch.md"));
        String values = blocks(page, "yaml").getFirst();
        Documents documents = chart.render(Chart.OLDEST_KUBERNETES, firstValues(), chart.write(values));
        assertThat(documents.one("StatefulSet").at("/spec/replicas").asInt()).isOne();
        assertThat(Documents.elements(documents.container().path("env"))
                        .map(variable -> variable.path("name").asText() + "="
                                + variable.path("value").asText()))
                .contains("PATCHKEY_EPOCH_BEGIN_NEW=true");
        String labels = documents.pods().at("/metadata/labels").toString();
        Pattern.compile(" -l (\\S+)")
                .matcher(page)
                .results()
                .flatMap(found -> Pattern.compile(",").splitAsStream(found.group(1)))
                .forEach(label -> assertThat(labels).contains("\"" + label.replace("=", "\":\"") + "\""));
        assertThat(page)
                .contains(" scale statefulset/"
                        + documents.one("StatefulSet").at("/metadata/name").asText() + " --replicas=0");
    }

    /** So that nodes keep the name that they call while one release takes the place of the other. */
    @Test
    void theServiceForTwoReleasesLeadsToThePodsOfEach() throws IOException {
        String page = Files.readString(HOW_TO.resolve("upgrade-hazelcast.md"));
        JsonNode service = Documents.parseOne(blocks(page, "yaml").getFirst());
        JsonNode selector = service.at("/spec/selector");
        Documents documents = chart.render(Chart.OLDEST_KUBERNETES, firstValues());
        JsonNode pods = documents.pods().at("/metadata/labels");
        JsonNode test = documents.one("Pod").at("/metadata/labels");
        assertThat(selector)
                .as("labels that each release has, and not its own name")
                .isNotEmpty();
        assertThat(selector.has("app.kubernetes.io/instance")).isFalse();
        assertThat(selector.properties())
                .allMatch(label -> pods.path(label.getKey()).equals(label.getValue()))
                .anyMatch(label -> !test.path(label.getKey()).equals(label.getValue()));
        assertThat(Documents.elements(documents.container().path("ports"))
                        .map(port -> port.path("name").asText()))
                .contains(service.at("/spec/ports/0/targetPort").asText());
    }

    private static void collectSecrets(JsonNode value, Set<String> names) {
        value.properties().forEach(field -> {
            if (field.getKey().matches("secretName|.*SecretName")) {
                names.add(field.getValue().asText());
            }
        });
        value.forEach(each -> collectSecrets(each, names));
    }
}
