package dev.patchkey.benchmarks.check;

import dev.patchkey.benchmarks.Measured;
import dev.patchkey.benchmarks.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Both shapes of code with keys off and with keys on: constants differ, so these are JVMs started otherwise. */
public final class CheckBenchmark {

    private static final String LIMIT = "constant";

    /** The limit of a static call. */
    private static final String CALL_LIMIT = "directCall";

    /** The rows of a table, with what to call them. */
    private static final Map<String, String> ROWS = new LinkedHashMap<>();

    static {
        ROWS.put("noCheck", "no check");
        ROWS.put(LIMIT, "`static final boolean`, the limit");
        ROWS.put("staticKey", "**static key**");
        ROWS.put("plainBoolean", "`static boolean`");
        ROWS.put("volatileBoolean", "`static volatile boolean`");
        ROWS.put("atomicInteger", "`AtomicInteger.get() > 0`");
        ROWS.put(CALL_LIMIT, "call on a `static final` object, the limit of a static call");
        ROWS.put("staticCall", "**static call**");
        ROWS.put("togglz", "Togglz");
        ROWS.put("togglzManagerKept", "Togglz, manager kept");
        ROWS.put("fakeUnleash", "Unleash, `FakeUnleash`");
        ROWS.put("unleash", "Unleash, `DefaultUnleash`");
        ROWS.put("launchDarkly", "LaunchDarkly");
        ROWS.put("openFeature", "OpenFeature, in-memory provider");
    }

    private CheckBenchmark() {}

    public static void run(Report report) throws RunnerException, IOException {
        for (boolean enabled : new boolean[] {false, true}) {
            shape(report, StraightCheck.class, "straight", "One check in straight-line code", enabled);
            shape(report, LoopCheck.class, "loop", "A check in each round of a loop", enabled);
        }
    }

    private static void shape(Report report, Class<?> shape, String name, String title, boolean enabled)
            throws RunnerException, IOException {
        String state = enabled ? "on" : "off";
        Collection<RunResult> results = report.jmh(
                "check-" + name + "-" + state,
                new OptionsBuilder()
                        .include(shape.getName())
                        .exclude(enabled ? "noCheckOff" : "noCheckOn")
                        .addProfiler(GCProfiler.class)
                        .jvmArgsAppend("-D" + Subjects.ENABLED + "=" + enabled));
        Map<String, RunResult> byRow = new LinkedHashMap<>();
        for (RunResult result : results) {
            byRow.put(result.getPrimaryResult().getLabel().replaceFirst("^noCheck.*", "noCheck"), result);
        }
        Measured noCheck = Measured.primary(required(byRow, "noCheck"));
        Measured limit = Measured.primary(required(byRow, LIMIT));
        Measured callLimit = Measured.primary(required(byRow, CALL_LIMIT));
        List<List<String>> rows = new ArrayList<>();
        ROWS.forEach((row, label) -> {
            RunResult result = byRow.get(row);
            if (result != null) {
                Measured nanos = Measured.primary(result);
                rows.add(List.of(
                        label,
                        nanos.toString(),
                        nanos.ratioTo(noCheck).toString(),
                        nanos.ratioTo(row.equals("staticCall") ? callLimit : limit)
                                .toString(),
                        Measured.bytes(result).toString()));
            }
        });
        report.table(
                title + ", key " + state,
                List.of("check", "ns/op", "ratio to no check", "ratio to the limit", "B/op"),
                rows);
    }

    private static RunResult required(Map<String, RunResult> byRow, String row) {
        return Objects.requireNonNull(byRow.get(row), row);
    }
}
