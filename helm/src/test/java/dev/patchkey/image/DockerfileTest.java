package dev.patchkey.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.patchkey.image.Dockerfile.Instruction;
import dev.patchkey.image.Dockerfile.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the Dockerfile says of the image, by itself and beside the chart. */
class DockerfileTest {

    private static final Set<String> WORDS =
            Set.of("WORKDIR", "COPY", "RUN", "LABEL", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT");

    private final Dockerfile dockerfile = Dockerfile.read();

    @Test
    void allStagesHaveTheSameBaseSoThatTheCacheFitsItsJvm() {
        assertThat(dockerfile.stages())
                .hasSizeGreaterThan(1)
                .allMatch(stage -> stage.base().equals("${RUNTIME}"));
    }

    @Test
    void nothingTakesAShell() {
        for (Stage stage : dockerfile.stages()) {
            for (Instruction instruction : stage.instructions()) {
                assertThat(WORDS).contains(instruction.word());
                if (Set.of("RUN", "HEALTHCHECK", "ENTRYPOINT").contains(instruction.word())) {
                    assertThat(instruction.program().getFirst()).isEqualTo("java");
                }
            }
        }
    }

    @Test
    void theImageRunsAsTheUserAndOnThePortsThatTheChartSays() throws IOException {
        JsonNode values =
                new YAMLMapper().readTree(Path.of("patchkey/values.yaml").toFile());
        String user = values.at("/pod/runAsUser").asText();
        assertThat(dockerfile.image().last("USER").text()).isEqualTo(user + ":" + user);
        assertThat(Integer.parseInt(user)).isPositive();
        assertThat(Arrays.asList(dockerfile.image().last("EXPOSE").text().split(" ", -1)))
                .containsExactlyInAnyOrder(
                        values.at("/ports/http").asText(),
                        values.at("/ports/management").asText(),
                        values.at("/ports/member").asText());
    }

    /** What is written after it would belong to another than who runs the image, and what is run would run as nobody. */
    @Test
    void theUserIsSetWhenAllIsWritten() {
        List<String> words = dockerfile.image().instructions().stream()
                .map(Instruction::word)
                .toList();
        assertThat(words.indexOf("USER"))
                .isGreaterThan(words.lastIndexOf("RUN"))
                .isGreaterThan(words.lastIndexOf("COPY"));
    }

    /** A volume that is mounted where the image has nothing, or a folder of another's, would be root's. */
    @Test
    void theVolumeOfTheGuideBelongsToTheUserOfTheImage() throws IOException {
        Matcher volume = Pattern.compile(" -v [a-z-]+:(/[a-z/]+) ").matcher(guide());
        assertThat(volume.find()).as("docker run with a volume").isTrue();
        String folder = volume.group(1);
        assertThat(guide()).contains("jdbc:h2:file:" + folder + "/");
        assertThat(dockerfile.image().all("COPY").stream().map(Instruction::text))
                .contains("--from=layers --chown="
                        + dockerfile.image().last("USER").text() + " " + folder + "/ " + folder + "/");
        List<Instruction> layers = dockerfile.stages().getFirst().instructions();
        assertThat(layers).as("and the folder is empty").last().isEqualTo(new Instruction("WORKDIR", folder));
    }

    @Test
    void theLabelsSayWhatIsInTheImage() {
        assertThat(dockerfile.image().last("LABEL").text())
                .isEqualTo("org.opencontainers.image.title=\"patchkey-service\""
                        + " org.opencontainers.image.version=\"" + System.getProperty("project.version") + "\""
                        + " org.opencontainers.image.licenses=\"Apache-2.0\"");
    }

    /** What the guide asks instead, where the port is another, is the same but for the address. */
    @Test
    void theGuideAsksForHealthAsTheImageDoes() throws IOException {
        List<String> program = dockerfile.image().last("HEALTHCHECK").program();
        Matcher test = Pattern.compile("(?s)test: \\[CMD, (.*?)]").matcher(guide());
        assertThat(test.find()).isTrue();
        List<String> words =
                Arrays.stream(test.group(1).split(",", -1)).map(String::strip).toList();
        assertThat(words.subList(0, words.size() - 1)).isEqualTo(program.subList(0, program.size() - 1));
    }

    /** Or a jar of a former version, which is still there, would be a second one. */
    @Test
    void theGuideBuildsTheJarAnew() throws IOException {
        assertThat(guide().lines().filter(line -> line.startsWith("mvn ") && line.contains(" package")))
                .isNotEmpty()
                .allMatch(line -> line.contains(" clean package"));
    }

    private static String guide() throws IOException {
        return Files.readString(Path.of("../docs/how-to/build-the-image.md"));
    }

    @Test
    void noSecretIsCopiedSinceAllButTheJarIsLeftOut() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../service/Dockerfile.dockerignore")).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
        assertThat(lines).containsExactly("*", "!service/target/patchkey-service-*.jar");
    }
}
