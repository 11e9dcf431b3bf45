package dev.patchkey.benchmarks.flip;

import dev.patchkey.benchmarks.ChildJvm;
import dev.patchkey.benchmarks.Measured;
import dev.patchkey.benchmarks.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.util.Statistics;

/** Edges with dependent methods, edges beside a counted loop, and what hot threads feel of edges. */
public final class FlipBenchmark {

    private static final int MARKS_OF_A_KIND = 30;
    private static final long MARKS_APART_MILLIS = 500;
    private static final int QUICK_MARKS_OF_A_KIND = 2;
    private static final long QUICK_MARKS_APART_MILLIS = 100;

    /** Collectors with what they do about safepoints in counted loops; G1 has them unless told otherwise. */
    private static final Map<String, List<String>> LOOPS = new LinkedHashMap<>();

    static {
        LOOPS.put("G1, as it comes", List.of("-XX:+UseG1GC"));
        LOOPS.put("Serial, `+UseCountedLoopSafepoints`", List.of("-XX:+UseSerialGC", "-XX:+UseCountedLoopSafepoints"));
        LOOPS.put("Serial, `-UseCountedLoopSafepoints`", List.of("-XX:+UseSerialGC", "-XX:-UseCountedLoopSafepoints"));
    }

    private FlipBenchmark() {}

    public static void run(Report report) throws RunnerException, IOException, InterruptedException {
        edges(report);
        loops(report);
        recoveries(report);
    }

    private static void edges(Report report) throws RunnerException, IOException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(Edge.class.getName() + "\\.")
                .jvmArgsAppend(Dependents.JVM_OPTIONS.toArray(String[]::new));
        if (report.isQuick()) {
            options.param("dependents", "0", "10");
        }
        List<List<String>> rows = new ArrayList<>();
        for (RunResult result : report.jmh("flip-edge", options)) {
            rows.add(
                    row(result.getPrimaryResult().getLabel(), result.getParams().getParam("dependents"), result));
        }
        report.table(
                "An edge of a local key, in microseconds",
                List.of("edge", "dependent methods", "median", "mean", "longest"),
                rows);
    }

    private static void loops(Report report) throws RunnerException, IOException {
        List<List<String>> rows = new ArrayList<>();
        int number = 0;
        for (Map.Entry<String, List<String>> loop : LOOPS.entrySet()) {
            number++;
            List<String> options = new ArrayList<>(Dependents.JVM_OPTIONS);
            options.addAll(loop.getValue());
            for (RunResult result : report.jmh(
                    "flip-loop-" + number,
                    new OptionsBuilder()
                            .include(CountedLoop.class.getName() + "\\.")
                            .jvmArgsAppend(options.toArray(String[]::new)))) {
                rows.add(row("up", loop.getKey(), result));
            }
        }
        report.table(
                "An edge while another thread is in a long counted loop, in milliseconds",
                List.of("edge", "collector", "median", "mean", "longest"),
                rows);
    }

    private static List<String> row(String edge, String of, RunResult result) {
        Statistics statistics = result.getPrimaryResult().getStatistics();
        return List.of(
                edge,
                of,
                "%,.1f".formatted(statistics.getPercentile(50)),
                Measured.primary(result).toString(),
                "%,.1f".formatted(statistics.getMax()));
    }

    private static void recoveries(Report report) throws IOException, InterruptedException {
        System.out.println("measuring what hot threads feel");
        int marks = report.isQuick() ? QUICK_MARKS_OF_A_KIND : MARKS_OF_A_KIND;
        long apart = report.isQuick() ? QUICK_MARKS_APART_MILLIS : MARKS_APART_MILLIS;
        List<String> lines =
                ChildJvm.run(Recovery.class, List.of(), List.of(Integer.toString(marks), Long.toString(apart)));
        report.raw("flip-recovery", lines);
        List<Recovery.Felt> felt = lines.stream().map(Recovery.Felt::parse).toList();
        List<List<String>> rows = new ArrayList<>();
        for (String kind : Recovery.KINDS) {
            double[] stalls = sorted(felt, kind, Recovery.Felt::stallMicros);
            double[] lowest = sorted(felt, kind, Recovery.Felt::lowest);
            double[] back = sorted(felt, kind, Recovery.Felt::backMicros);
            rows.add(List.of(
                    kind,
                    stall(median(stalls)),
                    stall(longest(stalls)),
                    percent(median(lowest)),
                    percent(lowest[0]),
                    back(median(back), apart),
                    back(longest(back), apart),
                    Long.toString(Arrays.stream(back).filter(Double::isInfinite).count())));
        }
        report.table(
                "What hot threads feel of %d edges of a kind, in milliseconds".formatted(marks),
                List.of(
                        "edge",
                        "longest stall, median",
                        "max",
                        "lowest rate of the rate before, median",
                        "min",
                        "rate back at 95 %, median",
                        "max",
                        "not back"),
                rows);
    }

    private static double[] sorted(List<Recovery.Felt> felt, String kind, ToDoubleFunction<Recovery.Felt> what) {
        return felt.stream()
                .filter(one -> one.kind().equals(kind))
                .mapToDouble(what)
                .sorted()
                .toArray();
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static double longest(double[] sorted) {
        return sorted[sorted.length - 1];
    }

    private static String stall(double micros) {
        return micros * 1000 < HotThread.SHORTEST_GAP_NANOS
                ? "< %.2f".formatted(HotThread.SHORTEST_GAP_NANOS / 1e6)
                : "%.2f".formatted(micros / 1000);
    }

    private static String percent(double share) {
        return "%.0f %%".formatted(share * 100);
    }

    private static String back(double micros, long apartMillis) {
        return Double.isInfinite(micros) ? "not in " + apartMillis : "%.2f".formatted(micros / 1000);
    }
}
