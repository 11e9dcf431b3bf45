package dev.patchkey.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** 100,000 keys in one JVM: what they weigh, and how long it takes to bring snapshots to them. */
final class KeysBenchmark {

    private static final int KEYS = 100_000;
    private static final int JVMS = 5;
    private static final int QUICK_KEYS = 1000;

    /** One size, so that the collector does not change the heap's while something is measured. */
    private static final List<String> JVM_OPTIONS = List.of("-Xms2g", "-Xmx2g");

    private KeysBenchmark() {}

    static void run(Report report) throws IOException, InterruptedException {
        int keys = report.isQuick() ? QUICK_KEYS : KEYS;
        System.out.println("measuring keys");
        List<String> raw = new ArrayList<>();
        Map<String, List<Double>> values = new LinkedHashMap<>();
        for (int i = 0; i < (report.isQuick() ? 1 : JVMS); i++) {
            for (String mode : ManyKeys.MODES) {
                for (String line : ChildJvm.run(ManyKeys.class, JVM_OPTIONS, List.of(mode, Integer.toString(keys)))) {
                    raw.add(line);
                    int last = line.lastIndexOf(' ');
                    values.computeIfAbsent(line.substring(0, last), what -> new ArrayList<>())
                            .add(Double.parseDouble(line.substring(last + 1)));
                }
            }
        }
        report.raw("keys", raw);
        List<List<String>> rows = new ArrayList<>();
        values.forEach((what, measured) -> {
            double[] sorted =
                    measured.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            rows.add(List.of(
                    what,
                    "%,.1f".formatted(sorted[sorted.length / 2]),
                    "%,.1f".formatted(sorted[0]),
                    "%,.1f".formatted(sorted[sorted.length - 1])));
        });
        report.table(
                "%,d keys, %d JVMs".formatted(keys, report.isQuick() ? 1 : JVMS),
                List.of("", "median", "least", "most"),
                rows);
    }
}
