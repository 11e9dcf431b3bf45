package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM of its own, of the same JDK, for what is decided once in the life of one. It has none of the options and agents
 * that this one was started with.
 */
final class Fork {

    /** Where a JVM looks for options that nobody gave to this run of it; it prints that it has picked them up, too. */
    private static final List<String> OPTIONS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private Fork() {}

    /** Runs a main class whose classes are in this module, and returns what it printed; asserts that it ended well. */
    static List<String> run(Class<?> main, List<String> options, String... arguments) {
        return run(Duration.ofSeconds(Actor.PATIENCE_SECONDS), main, options, arguments);
    }

    /** As {@link #run(Class, List, String...)}, for what may take so long. */
    static List<String> run(Duration patience, Class<?> main, List<String> options, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(Stream.of(StaticKey.class, main)
                .map(type -> rootOf(type).toString())
                .distinct()
                .collect(Collectors.joining(File.pathSeparator)));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        try {
            Path printed = Files.createTempFile("fork", ".txt");
            try {
                ProcessBuilder builder =
                        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(printed.toFile());
                OPTIONS.forEach(builder.environment()::remove);
                Process process = builder.start();
                boolean ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
                process.destroyForcibly();
                List<String> lines = Files.readAllLines(printed, StandardCharsets.UTF_8);
                assertThat(ended).as("%s has ended; it printed %s", main, lines).isTrue();
                assertThat(process.waitFor()).as("%s printed %s", main, lines).isZero();
                return lines;
            } finally {
                Files.deleteIfExists(printed);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The directory or jar that a class is in. */
    static Path rootOf(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        URL url = Objects.requireNonNull(type.getClassLoader().getResource(file), file);
        try {
            if (url.openConnection() instanceof JarURLConnection jar) {
                return Path.of(jar.getJarFileURL().toURI());
            }
            String text = url.toString();
            return Path.of(URI.create(text.substring(0, text.length() - file.length())));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
