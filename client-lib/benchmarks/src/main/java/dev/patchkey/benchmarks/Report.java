package dev.patchkey.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs JMH for one benchmark, and puts what was measured where the reader finds it: tables on the screen, and files if
 * wanted. A file that an earlier run has left is replaced when there is something to put into it, and not before.
 */
public final class Report {

    private static final TimeValue QUICK = TimeValue.milliseconds(50);

    private final String benchmark;
    private final @Nullable Path directory;
    private final boolean quick;
    private final List<String> tables = new ArrayList<>();

    /** @param benchmark the name by which the file with its tables is known */
    Report(String benchmark, @Nullable Path directory, boolean quick) throws IOException {
        this.benchmark = benchmark;
        this.directory = directory;
        this.quick = quick;
        if (directory != null) {
            Files.createDirectories(directory);
        }
    }

    /** Whether this run only shows that everything runs. */
    public boolean isQuick() {
        return quick;
    }

    /** Runs what the options say, its output going to a file of this name; a benchmark that fails ends the run. */
    public Collection<RunResult> jmh(String name, ChainedOptionsBuilder options) throws RunnerException {
        options.shouldFailOnError(true);
        if (quick) {
            options.forks(1)
                    .warmupIterations(1)
                    .warmupTime(QUICK)
                    .measurementIterations(2)
                    .measurementTime(QUICK);
        }
        if (directory != null) {
            Path file = file(directory, name, "txt");
            System.out.println("measuring; JMH writes to " + file);
            options.output(file.toString());
        }
        return new Runner(options.build()).run();
    }

    /** Writes raw results that do not come from JMH. */
    public void raw(String name, List<String> lines) throws IOException {
        if (directory != null) {
            Files.write(file(directory, name, "txt"), lines);
        }
    }

    /** Prints a table in Markdown. */
    public void table(String title, List<String> header, List<List<String>> rows) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add("**" + title + "** (" + Runtime.version() + ")");
        if (quick) {
            lines.add("");
            lines.add("*A smoke run: these are no measurements.*");
        }
        lines.add("");
        lines.add(row(header));
        lines.add("|---".repeat(header.size()) + "|");
        rows.forEach(row -> lines.add(row(row)));
        lines.forEach(System.out::println);
        tables.addAll(lines);
        if (directory != null) {
            Files.write(file(directory, "tables-" + benchmark, "md"), tables);
        }
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    private Path file(Path parent, String name, String extension) {
        return parent.resolve(name + "-jdk" + Runtime.version().feature() + (quick ? "-smoke" : "") + "." + extension);
    }
}
