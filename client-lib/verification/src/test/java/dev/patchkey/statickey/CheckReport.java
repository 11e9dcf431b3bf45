package dev.patchkey.statickey;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The table of what was checked, one row for each check as it ends, in the log and in a file of the build directory. */
final class CheckReport {

    private static final int JDK = Runtime.version().feature();

    private static final Path FILE = started();

    private CheckReport() {}

    /** Runs a check, writes its row, and throws what it threw. */
    static void row(String variant, String check, String expected, Runnable run) {
        long start = System.nanoTime();
        boolean asExpected = false;
        try {
            run.run();
            asExpected = true;
        } finally {
            double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            write(
                    String.format(
                            Locale.ROOT,
                            "| %s | %s | %s%s | %.1f | %d |",
                            variant,
                            check,
                            asExpected ? "" : "NOT AS EXPECTED: ",
                            expected.replace("|", "\\|"),
                            seconds,
                            JDK),
                    StandardOpenOption.APPEND);
        }
    }

    private static Path started() {
        Path file = Path.of(System.getProperty("basedir", ""), "target", "lincheck-jdk" + JDK + ".md");
        write(file, "| variant | check | result | seconds | JDK |\n|---|---|---|---|---|", StandardOpenOption.CREATE);
        return file;
    }

    private static void write(String row, StandardOpenOption how) {
        write(FILE, row, how);
    }

    private static void write(Path file, String row, StandardOpenOption how) {
        System.out.println(row);
        try {
            Files.createDirectories(file.getParent());
            if (how == StandardOpenOption.CREATE) {
                Files.deleteIfExists(file);
            }
            Files.writeString(file, row + "\n", StandardOpenOption.CREATE, how);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
