package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A virtual thread that waits in an acquire gives its carrier back. */
class VirtualThreadsTest {

    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    private Path directory;

    @Test
    void thousandsAcquireFewKeysOnOneCarrier() throws IOException, InterruptedException {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads came with JDK 21");
        Path printed = directory.resolve("printed.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djdk.virtualThreadScheduler.parallelism=1",
                        "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                        "-cp",
                        ClassRoots.all().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                        OneCarrier.class.getName(),
                        "40")
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        List<String> lines = Files.readAllLines(printed, StandardCharsets.UTF_8);
        assertThat(ended).as("the JVM has ended; it printed %s", lines).isTrue();
        assertThat(lines).contains("ended, with 0 lies");
    }
}
