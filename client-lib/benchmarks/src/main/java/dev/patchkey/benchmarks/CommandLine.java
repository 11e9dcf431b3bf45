package dev.patchkey.benchmarks;

import dev.patchkey.benchmarks.durable.DurableBenchmark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for, and can be done.
 *
 * @param benchmarks what to run, in this order
 * @param service the service's jar and the {@code java} to run it with, as {@link ServiceProcess} takes them; empty if
 *     none of the benchmarks needs it
 * @param out where to write, null for nowhere
 * @param quick whether to show only that everything runs
 */
record CommandLine(
        List<NamedBenchmark> benchmarks,
        List<String> service,
        @Nullable Path out,
        boolean quick) {

    private static final int SERVICE_JDK = 25;

    /** @throws IllegalArgumentException if anything is unknown, missing or too much */
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
                    if (rest.isEmpty() || rest.getFirst().startsWith("-")) {
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
        if (operands.isEmpty()) {
            throw new IllegalArgumentException("WHAT is missing");
        }
        String what = operands.remove(0);
        List<NamedBenchmark> benchmarks = benchmarks(what);
        requireService(what, benchmarks, operands);
        if (benchmarks.contains(NamedBenchmark.DURABLE)) {
            DurableBenchmark.requirePeers();
        }
        return new CommandLine(benchmarks, List.copyOf(operands), out, quick);
    }

    private static List<NamedBenchmark> benchmarks(String what) {
        if (what.equals("all")) {
            return List.of(NamedBenchmark.values());
        }
        return List.of(
                NamedBenchmark.of(what).orElseThrow(() -> new IllegalArgumentException("unknown benchmark " + what)));
    }

    /** Before anything is measured: {@code all} comes to the service after a quarter of an hour. */
    private static void requireService(String what, List<NamedBenchmark> benchmarks, List<String> service) {
        boolean needed = benchmarks.stream().anyMatch(NamedBenchmark::needsService);
        int most = needed ? 2 : 0;
        if (service.size() > most) {
            throw new IllegalArgumentException(what + " takes no operand " + service.get(most));
        }
        if (!needed) {
            return;
        }
        if (service.isEmpty()) {
            throw new IllegalArgumentException(what + " must be followed by the service's jar");
        }
        if (!Files.isRegularFile(Path.of(service.get(0)))) {
            throw new IllegalArgumentException("there is no service's jar at " + service.get(0));
        }
        if (service.size() == 1 && Runtime.version().feature() < SERVICE_JDK) {
            throw new IllegalArgumentException(
                    "the service needs a JDK %d, and this is a JDK %d: name the java of one after the service's jar"
                            .formatted(SERVICE_JDK, Runtime.version().feature()));
        }
    }
}
