package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StressTest {

    /** Several times what a complete pass takes on two processors that are busy with something else. */
    private static final Duration AT_MOST = Duration.ofHours(2);

    /** In a JVM of its own: jcstress passes on the options of this one, and with them an agent that counts coverage. */
    @Test
    void theStressTestsCatchEveryBrokenVariantAndFindNothingInTheKey() throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "two actors need two processors");
        String effort = System.getProperty("patchkey.stress", "bounded");
        Path directory = Path.of("target", "stress", "jdk" + Runtime.version().feature() + "-" + effort);
        Files.createDirectories(directory);
        File log = directory.resolve("log.txt").toFile();
        Process runner = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        StressRunner.class.getName(),
                        effort,
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        boolean ended = runner.waitFor(AT_MOST.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            runner.destroyForcibly();
        }
        assertThat(ended)
                .as("the stress tests ended within %s, see %s", AT_MOST, log)
                .isTrue();
        Path summary = directory.resolve("summary.txt");
        if (Files.exists(summary)) {
            System.out.println(Files.readString(summary));
        }
        assertThat(runner.exitValue())
                .as("the stress tests' exit value, see the end of %s", log)
                .isZero();
    }
}
