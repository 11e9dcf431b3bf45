package dev.patchkey.benchmarks;

import dev.patchkey.benchmarks.check.CheckBenchmark;
import dev.patchkey.benchmarks.durable.DurableBenchmark;
import dev.patchkey.benchmarks.flip.FlipBenchmark;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The benchmarks, in the order in which {@code all} runs them. */
enum NamedBenchmark {
    CHECK(false, (report, service) -> CheckBenchmark.run(report)),
    FLIP(false, (report, service) -> FlipBenchmark.run(report)),
    KEYS(false, (report, service) -> KeysBenchmark.run(report)),
    ACQUIRE(true, AcquireBenchmark::run),
    DURABLE(true, DurableBenchmark::run),
    PROPAGATION(true, PropagationBenchmark::run);

    private interface Body {
        void run(Report report, List<String> service) throws Exception;
    }

    private final boolean needsService;

    @SuppressWarnings("ImmutableEnumChecker") // a function without state
    private final Body body;

    NamedBenchmark(boolean needsService, Body body) {
        this.needsService = needsService;
        this.body = body;
    }

    static Optional<NamedBenchmark> of(String name) {
        return Arrays.stream(values())
                .filter(benchmark -> benchmark.lowerCase().equals(name))
                .findAny();
    }

    /** As the command line and the names of files have it. */
    String lowerCase() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean needsService() {
        return needsService;
    }

    /** @param service the service's jar and the {@code java} to run it with, as {@link ServiceProcess} takes them */
    void run(Report report, List<String> service) throws Exception {
        body.run(report, service);
    }
}
