package dev.patchkey.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * From the increment's request to its answer with {@code await=applied}: committed, delivered to 100 nodes, their call
 * sites rebound, all of them confirmed. The nodes are real ones, each in a class loader of its own, in this JVM; service
 * and nodes share the machine's cores.
 */
final class PropagationBenchmark {

    private static final int NODES = 100;
    private static final int WARM_UP_CHANGES = 200;
    private static final int MEASURED_CHANGES = 500;
    private static final int QUICK_NODES = 3;
    private static final int QUICK_CHANGES = 10;

    /** In turn, since the edges of one key are paced: each has two, and then rests for seconds. */
    static final int KEYS = 100;

    static String key(int number) {
        return "benchmark.flip." + number;
    }

    private final Report report;
    private final URI service;
    private final HttpClient http = HttpClient.newHttpClient();
    private final int nodes;
    private final int changes;
    private final List<String> raw = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    private PropagationBenchmark(Report report, URI service) {
        this.report = report;
        this.service = service;
        this.nodes = report.isQuick() ? QUICK_NODES : NODES;
        this.changes = report.isQuick() ? QUICK_CHANGES : MEASURED_CHANGES;
    }

    static void run(Report report, List<String> arguments) throws Exception {
        System.out.println("measuring propagation");
        try (ServiceProcess process = ServiceProcess.start(arguments, "--patchkey.store=jdbc")) {
            new PropagationBenchmark(report, process.uri()).run();
        }
    }

    private void run() throws Exception {
        long[] applied = measureWithNodes();
        long[] committed = measure(changes);
        double base = median(committed);
        add("committed and applied on all %d nodes".formatted(nodes), applied, base);
        add("committed, with no node", committed, base);
        report.raw("propagation", raw);
        report.table(
                "From an increment or decrement to its answer, in milliseconds, %,d edges".formatted(changes),
                List.of("", "median", "p99", "max", "ratio of the medians"),
                rows);
    }

    private long[] measureWithNodes() throws Exception {
        List<AutoCloseable> started = new ArrayList<>();
        try {
            for (int i = 0; i < nodes; i++) {
                started.add(node(service));
            }
            measure(report.isQuick() ? QUICK_CHANGES : WARM_UP_CHANGES);
            return measure(changes);
        } finally {
            for (AutoCloseable node : started) {
                node.close();
            }
        }
    }

    /** Two loads of the library in one JVM are two nodes. */
    private static AutoCloseable node(URI service) throws Exception {
        URL self =
                PropagationBenchmark.class.getProtectionDomain().getCodeSource().getLocation();
        URLClassLoader loader = new URLClassLoader(new URL[] {self}, ClassLoader.getPlatformClassLoader());
        return (AutoCloseable) loader.loadClass("dev.patchkey.benchmarks.NodeUnderMeasurement")
                .getConstructor(URI.class)
                .newInstance(service);
    }

    /** The times of so many edges in nanoseconds, sorted. */
    private long[] measure(int count) throws IOException, InterruptedException {
        long[] nanos = new long[count];
        for (int i = 0; i < count; i++) {
            String change = i % 2 == 0 ? "increment" : "decrement";
            HttpRequest request = HttpRequest.newBuilder(
                            service.resolve("/v1/keys/" + key(i / 2 % KEYS) + "/" + change + "?await=applied"))
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();
            long start = System.nanoTime();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            nanos[i] = System.nanoTime() - start;
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(answer.statusCode() + " " + answer.body());
            }
        }
        Arrays.sort(nanos);
        return nanos;
    }

    private void add(String what, long[] sorted, double base) {
        for (long nanos : sorted) {
            raw.add(what + ": " + nanos);
        }
        rows.add(List.of(
                what,
                millis(median(sorted)),
                millis((double) sorted[sorted.length * 99 / 100]),
                millis((double) sorted[sorted.length - 1]),
                "%.1f".formatted(median(sorted) / base)));
    }

    private static double median(long[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static String millis(double nanos) {
        return "%.2f".formatted(nanos / 1e6);
    }
}
