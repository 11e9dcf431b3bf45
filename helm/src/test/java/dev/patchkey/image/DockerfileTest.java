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
import org.junit.jupiter.api.Test;

/** What the Dockerfile says of the image, by itself and beside the chart. */
class DockerfileTest {

    private static final Set<String> WORDS =
            Set.of("WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT");

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

    @Test
    void noSecretIsCopiedSinceAllButTheJarIsLeftOut() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../service/Dockerfile.dockerignore")).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
        assertThat(lines).containsExactly("*", "!service/target/patchkey-service-*.jar");
    }
}
