package dev.patchkey.benchmarks;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for.
 *
 * @param what the benchmark's name, empty if none was given
 * @param service the service's jar and the {@code java} to run it with, as {@link ServiceProcess} takes them
 * @param out where to write, null for nowhere
 * @param quick whether to show only that everything runs
 */
record CommandLine(String what, List<String> service, @Nullable Path out, boolean quick) {

    /** @throws IllegalArgumentException if an option is unknown or incomplete */
    static CommandLine parse(String... args) {
        Deque<String> rest = new ArrayDeque<>(List.of(args));
        List<String> operands = new ArrayList<>();
        Path out = null;
        boolean quick = false;
        while (!rest.isEmpty()) {
            String word = rest.removeFirst();
            switch (word) {
                case "--quick" -> quick = true;
                case "--out" -> {
                    if (rest.isEmpty()) {
                        throw new IllegalArgumentException("--out must be followed by a directory");
                    }
                    out = Path.of(rest.removeFirst());
                }
                default -> {
                    if (word.startsWith("-")) {
                        throw new IllegalArgumentException("unknown option " + word);
                    }
                    operands.add(word);
                }
            }
        }
        String what = operands.isEmpty() ? "" : operands.remove(0);
        return new CommandLine(what, operands, out, quick);
    }
}
