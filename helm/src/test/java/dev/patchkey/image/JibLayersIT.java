package dev.patchkey.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.patchkey.chart.Tar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Jib puts over a base image: layers, user, ports and entry point. The base is empty here. */
class JibLayersIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Path TAR = Path.of(System.getProperty("jib.tar", ""));
    private static final Path JAR = Path.of(System.getProperty("service.jar", ""));

    private Map<String, byte[]> files = Map.of();
    private JsonNode config = JSON.createObjectNode();

    @BeforeEach
    void read() throws IOException {
        files = Tar.of(Files.readAllBytes(TAR));
        config = JSON.readTree(file("config.json")).path("config");
    }

    private byte[] file(String name) {
        byte[] content = files.get(name);
        if (content == null) {
            throw new AssertionError("There is no " + name + " among " + files.keySet());
        }
        return content;
    }

    @Test
    void theImageRunsAsNobodyOnThePortsOfTheDockerfile() {
        Dockerfile.Stage image = Dockerfile.read().image();
        assertThat(config.path("User").asText()).isEqualTo(image.last("USER").text());
        Set<String> ports = new TreeSet<>();
        config.path("ExposedPorts").fieldNames().forEachRemaining(port -> ports.add(port.replace("/tcp", "")));
        assertThat(ports).containsExactlyInAnyOrder(image.last("EXPOSE").text().split(" ", -1));
    }

    @Test
    void theImageHasTheLabelsOfTheDockerfile() {
        List<String> labels = new ArrayList<>();
        config.path("Labels")
                .properties()
                .forEach(label ->
                        labels.add(label.getKey() + "=\"" + label.getValue().asText() + "\""));
        assertThat(labels)
                .containsExactlyInAnyOrder(
                        Dockerfile.read().image().last("LABEL").text().split(" ", -1));
    }

    /** The packaged jar carries them in its manifest, which Jib's image does not have. */
    @Test
    void theEntryPointOpensWhatTheManifestOfTheJarDoes() throws IOException {
        Set<String> expected = new TreeSet<>();
        try (JarFile jar = new JarFile(JAR.toFile())) {
            Attributes manifest = jar.getManifest().getMainAttributes();
            for (String module : manifest.getValue("Add-Exports").split(" ", -1)) {
                expected.add("--add-exports=" + module + "=ALL-UNNAMED");
            }
            for (String module : manifest.getValue("Add-Opens").split(" ", -1)) {
                expected.add("--add-opens=" + module + "=ALL-UNNAMED");
            }
            expected.add("--enable-native-access=" + manifest.getValue("Enable-Native-Access"));
        }
        List<String> entryPoint = new ArrayList<>();
        config.path("Entrypoint").forEach(word -> entryPoint.add(word.asText()));
        assertThat(entryPoint.getFirst()).isEqualTo("java");
        assertThat(entryPoint.getLast()).isEqualTo("dev.patchkey.service.PatchkeyService");
        assertThat(entryPoint.stream().filter(word -> word.startsWith("--")))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    /** What changes with each build is small, and above what does not. */
    @Test
    void librariesAndTheServiceAreInLayersOfTheirOwn() throws IOException {
        List<Set<String>> layers = new ArrayList<>();
        for (JsonNode layer : JSON.readTree(file("manifest.json")).path(0).path("Layers")) {
            layers.add(Tar.ofGzip(file(layer.asText())).keySet());
        }
        assertThat(layers).hasSizeGreaterThanOrEqualTo(3);
        assertThat(layers.getFirst())
                .hasSizeGreaterThan(50)
                .allMatch(file -> file.startsWith("app/libs/"))
                .anyMatch(file -> file.startsWith("app/libs/hazelcast-"));
        String main = "app/classes/dev/patchkey/service/PatchkeyService.class";
        assertThat(layers.stream().filter(layer -> layer.contains(main)))
                .hasSize(1)
                .allMatch(layer -> layer.stream().allMatch(file -> file.startsWith("app/classes/")));
        assertThat(layers.stream().flatMap(Set::stream))
                .as("all files; the bill of materials is made by a build that is online")
                .contains("app/resources/application.yml", "app/resources/META-INF/sbom/application.cdx.json")
                .noneMatch(file -> file.contains("/test"));
    }
}
