package dev.patchkey.systemtests.robustness.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Commands of the machine. */
final class Shell {

    /** Each of them takes milliseconds. */
    private static final int SECONDS = 30;

    private Shell() {}

    /** Runs a command and returns what it printed. */
    static String run(String... command) {
        return run(List.of(command));
    }

    static String run(List<String> command) {
        try {
            // A pipe would have to be read to its end first, and that has no bound.
            Path printed = Files.createTempFile("patchkey", ".txt");
            try {
                return run(command, printed);
            } finally {
                Files.delete(printed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted during " + command, e);
        }
    }

    private static String run(List<String> command, Path printed) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException(command + " did not end within " + SECONDS + " s");
        }
        String text = Files.readString(printed);
        if (process.exitValue() != 0) {
            throw new IllegalStateException(command + " ended with " + process.exitValue() + ": " + text);
        }
        return text;
    }

    /** Runs a command whose failure means that there is nothing to do. */
    static boolean tryRun(String... command) {
        return tryRun(List.of(command));
    }

    static boolean tryRun(List<String> command) {
        try {
            run(command);
            return true;
        } catch (IllegalStateException | UncheckedIOException e) {
            return false;
        }
    }
}
