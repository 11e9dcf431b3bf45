package dev.patchkey.systemtests.robustness.cluster;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The packaged service as a container would have it: its jar extracted, with an ahead-of-time cache. A start then takes a
 * third of the processor time, and storms are made of starts.
 */
public final class Image {

    /** Extracting takes a second of processor time, and training twenty. */
    private static final int MINUTES = 5;

    private static final List<String> OPTIONS = List.of("-Xmx384m", "-XX:TieredStopAtLevel=1");

    private final Path java;
    private final Path directory;

    /** Makes it, in that directory. */
    public Image(Path serviceJar, Path java, Path directory) {
        this.java = java;
        this.directory = directory;
        try {
            Files.createDirectories(directory);
            run(List.of("-Djarmode=tools", "-jar", serviceJar.toString(), "extract", "--force", "--destination", "."));
            Files.move(directory.resolve(serviceJar.getFileName()), jar(), StandardCopyOption.REPLACE_EXISTING);
            List<String> training = new ArrayList<>(OPTIONS);
            training.addAll(List.of(
                    "-XX:AOTCacheOutput=" + cache(),
                    "-Dspring.context.exit=onRefresh",
                    "-jar",
                    jar().toString(),
                    "--spring.datasource.url=jdbc:h2:mem:training",
                    "--server.port=0"));
            run(training);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path jar() {
        return directory.resolve("service.jar");
    }

    private Path cache() {
        return directory.resolve("service.aot");
    }

    private void run(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(java.toString()));
        command.addAll(arguments);
        File log = directory.resolve("image.log").toFile();
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
        try {
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " failed; its log is " + log);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** The command that starts the service. */
    List<String> command() {
        List<String> command = new ArrayList<>(List.of(java.toString()));
        command.addAll(OPTIONS);
        command.addAll(List.of("-XX:AOTCache=" + cache(), "-jar", jar().toString()));
        return command;
    }
}
