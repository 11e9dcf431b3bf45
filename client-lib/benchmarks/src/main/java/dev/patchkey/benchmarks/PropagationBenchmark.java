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

    /** In turn, since the edges of one key are paced: each has two, and then rests for seconds. */
    static final int KEYS = 100;

    static String key(int number) {
        return "benchmark.flip." + number;
    }

    private PropagationBenchmark() {}

    static void run(List<String> arguments) throws Exception {
        try (ServiceProcess service = new ServiceProcess(arguments, "jdbc")) {
            HttpClient http = HttpClient.newHttpClient();
            long[] applied = measureWithNodes(http, service.uri());
            long[] committed = measure(http, service.uri(), MEASURED_CHANGES);
            report("committed and applied on all " + NODES + " nodes", applied);
            report("committed, with no node", committed);
            System.out.printf(
                    "ratio of the medians: %.1f%n",
                    (double) applied[applied.length / 2] / committed[committed.length / 2]);
        }
    }

    private static long[] measureWithNodes(HttpClient http, URI service) throws Exception {
        List<AutoCloseable> nodes = new ArrayList<>();
        try {
            for (int i = 0; i < NODES; i++) {
                nodes.add(node(service));
            }
            measure(http, service, WARM_UP_CHANGES);
            return measure(http, service, MEASURED_CHANGES);
        } finally {
            for (AutoCloseable node : nodes) {
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

    private static long[] measure(HttpClient http, URI service, int changes) throws IOException, InterruptedException {
        long[] nanos = new long[changes];
        for (int i = 0; i < changes; i++) {
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

    private static void report(String what, long[] sorted) {
        System.out.printf(
                "%-44s median %6.2f ms, p99 %6.2f ms, max %6.2f ms over %d edges%n",
                what,
                sorted[sorted.length / 2] / 1e6,
                sorted[sorted.length * 99 / 100] / 1e6,
                sorted[sorted.length - 1] / 1e6,
                sorted.length);
    }
}
