package dev.patchkey.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What starting and ending processes has in common. */
final class Processes {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** Far above what a process that still works takes to end. */
    private static final int SECONDS_TO_END = 40;

    /** To send a signal takes milliseconds. */
    private static final int SECONDS_TO_SIGNAL = 10;

    private Processes() {}

    /** The JDK of that version, or the other where this machine has but one. */
    static Path java(int version) {
        String home = System.getProperty("jdk" + version + ".home");
        if (home == null || home.startsWith("${")) {
            home = System.getProperty("jdk25.home");
        }
        return Path.of(home, "bin", "java");
    }

    /** A directory of its own for each process, kept for whoever looks into a failure. */
    static Path directory(String name) {
        Path directory = Path.of(System.getProperty("work.directory"), name + "-" + NUMBER.incrementAndGet());
        try {
            if (Files.exists(directory)) {
                try (var old = Files.walk(directory)) {
                    for (Path path : old.sorted((a, b) -> b.compareTo(a)).toList()) {
                        Files.delete(path);
                    }
                }
            }
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends SIGKILL and waits for the end. */
    static void kill(Process process) {
        process.destroyForcibly();
        awaitEnd(process);
    }

    /** Sends SIGTERM and waits for the end. */
    static void stop(Process process) {
        process.destroy();
        awaitEnd(process);
    }

    /** Sends SIGSTOP. */
    static void pause(ProcessHandle process) {
        signal("STOP", process);
    }

    /** Sends SIGCONT. */
    static void resume(ProcessHandle process) {
        signal("CONT", process);
    }

    private static void signal(String signal, ProcessHandle process) {
        run(SECONDS_TO_SIGNAL, Path.of("."), "kill", "-" + signal, Long.toString(process.pid()));
    }

    /**
     * Runs a command to its end.
     *
     * @return what it has printed
     */
    static String run(int seconds, Path directory, String... command) {
        try {
            Path printed = Files.createTempFile("patchkey", ".txt");
            try {
                Process process = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError(String.join(" ", command) + " did not end within " + seconds + " s");
                }
                if (process.exitValue() != 0) {
                    throw new AssertionError(String.join(" ", command) + " ended with " + process.exitValue() + ": "
                            + Files.readString(printed));
                }
                return Files.readString(printed);
            } finally {
                Files.delete(printed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private static void awaitEnd(Process process) {
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("process " + process.pid() + " did not end within " + SECONDS_TO_END + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
