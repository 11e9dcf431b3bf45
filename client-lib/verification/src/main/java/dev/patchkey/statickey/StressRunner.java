package dev.patchkey.statickey;

import dev.patchkey.statickey.UnderTest.Sites;
import dev.patchkey.statickey.Variant.CaughtBy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.TestExecutor;
import org.openjdk.jcstress.Verbosity;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.SerializedBufferCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.infra.runners.TestList;
import org.openjdk.jcstress.os.OSSupport;
import org.openjdk.jcstress.os.Scheduler;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.os.topology.Topology;
import org.openjdk.jcstress.vm.CompileMode;
import org.openjdk.jcstress.vm.VMSupport;

/**
 * Runs the stress tests on the key, in which they must find nothing, and on its broken variants, each of which they must
 * catch within a bounded time.
 *
 * <p>Drives jcstress as a library and not by its command line: that probes the JVM by some thirty launches of it before
 * every run, which here is done once for all variants, and it cannot stop when a variant has been caught.
 */
final class StressRunner {

    /**
     * How long a test may take to catch a variant. Most take one fork, of a second or two; the rest is for a machine
     * whose processors are busy with something else, on which the actors seldom run at the same time.
     */
    static final Duration CATCH_WITHIN = Duration.ofSeconds(90);

    /** The newer of the JDKs that each build runs the tests on. */
    private static final int NEWER_JDK = 25;

    /** Actors of a test, and so the processors that it needs. */
    private static final int ACTORS = 2;

    /** Tests of what a sketch has not: a static call, an enablement. */
    private static final Set<String> NOT_OF_THE_SKETCH = Set.of(
            EnabledMeansReboundStress.StaticCallAndTest.class.getCanonicalName(),
            BalancedStress.EnablementClosedTwice.class.getCanonicalName());

    private static final int[] UNIFIED = {CompileMode.UNIFIED};

    /** How much is run. */
    enum Effort {
        /** As much as fits into every build. */
        BOUNDED(400, 2_000),

        /**
         * Each test in all combinations of interpreter, C1 and C2 for its actors, and with the order of C2's code
         * randomised.
         */
        COMPLETE(500, 5_000);

        final int millis;
        final int foldedMillis;

        Effort(int millis, int foldedMillis) {
            this.millis = millis;
            this.foldedMillis = foldedMillis;
        }
    }

    /** How an attempt to catch a variant ended. */
    record Caught(boolean caught, double seconds) {}

    private final Effort effort;
    private final Scheduler scheduler;
    private final List<SchedulingClass> scheduling;
    private final List<String> failures;
    private final int jdk = Runtime.version().feature();

    private StressRunner(Effort effort, List<String> failures) throws IOException {
        this.effort = effort;
        this.failures = failures;
        Options options = options(Sites.CALL_SITE, false);
        if (options.getCPUCount() < ACTORS) {
            throw new IllegalStateException("stress tests need " + ACTORS + " processors, and this machine has one");
        }
        OSSupport.init();
        VMSupport.initFlags(options);
        VMSupport.detectAvailableVMConfigs(
                effort == Effort.COMPLETE, options.getJvmArgs(), options.getJvmArgsPrepend());
        scheduler = new Scheduler(Topology.get(), ACTORS);
        scheduling = scheduler.scheduleClasses(ACTORS, ACTORS, options.affinityMode());
    }

    /**
     * Runs all, and exits with 1 if the key was caught or a variant was not.
     *
     * @param args the effort, and the directory for the tables: {@code observed.txt} has every outcome of the key,
     *     {@code summary.txt} a line for each test and each variant
     */
    public static void main(String[] args) throws IOException {
        Effort effort = Effort.valueOf(args[0].toUpperCase(Locale.ROOT));
        Path directory = Files.createDirectories(Path.of(args[1]));
        List<String> failures = new ArrayList<>();
        StressRunner runner = new StressRunner(effort, failures);
        String summary;
        try (PrintWriter observed = new PrintWriter(Files.newBufferedWriter(directory.resolve("observed.txt")), true)) {
            summary = runner.findNothing(observed) + System.lineSeparator() + runner.catchAll();
        }
        Files.writeString(directory.resolve("summary.txt"), summary);
        System.out.println(summary);
        failures.forEach(System.out::println);
        System.exit(failures.isEmpty() ? 0 : 1);
    }

    /** Runs all tests on what must keep its promises; a line for each. */
    private String findNothing(PrintWriter observed) throws IOException {
        StringBuilder lines = new StringBuilder(
                String.format("%-7s %-50s %-9s %4s %11s  %s%n", "on", "test", "site", "JDK", "samples", "forbidden"));
        findNothing(Variant.OURS, Sites.CALL_SITE, observed, lines);
        findNothing(Variant.OURS, Sites.FIELD, observed, lines);
        if (effort == Effort.COMPLETE) {
            findNothing(Variant.SKETCH, Sites.CALL_SITE, observed, lines);
        }
        return lines.toString();
    }

    private void findNothing(Variant variant, Sites sites, PrintWriter observed, StringBuilder lines)
            throws IOException {
        List<TestConfig> configs = new ArrayList<>();
        for (String test : TestList.tests()) {
            if (!runs(test, variant, sites)) {
                continue;
            }
            for (VMSupport.Config jvm : VMSupport.getAvailableVMConfigs()) {
                boolean all = variant == Variant.OURS && sites == Sites.CALL_SITE && !jvm.stress();
                for (int mode : all ? modes(test) : UNIFIED) {
                    configs.add(config(test, variant, sites, jvm, mode));
                }
            }
        }
        List<TestResult> each = run(configs);
        requireSamples(variant, sites, configs, each);
        List<TestResult> results = new ArrayList<>(ReportUtils.mergedByName(each));
        results.sort(Comparator.comparing(TestResult::getName));
        for (TestResult result : results) {
            observed.printf("%s, %s, JDK %d%n", variant, sites, jdk);
            ReportUtils.printResult(observed, result, true);
            lines.append(String.format(
                    Locale.ROOT,
                    "%-7s %-50s %-9s %4d %,11d  %d%n",
                    variant,
                    shortName(result.getName()),
                    sites,
                    jdk,
                    result.getTotalCount(),
                    forbidden(result)));
            if (!ReportUtils.statusToPassed(result)) {
                failures.add(String.format(
                        "%s, %s, JDK %d: %s: %s %s %s",
                        variant,
                        sites,
                        jdk,
                        result.getName(),
                        result.status(),
                        result.grading().failureMessages,
                        result.getMessages()));
            }
        }
    }

    /** Silence is no success: each run of each test must have taken samples. */
    private void requireSamples(Variant variant, Sites sites, List<TestConfig> configs, List<TestResult> results) {
        Map<String, Long> due =
                configs.stream().collect(Collectors.groupingBy(config -> config.name, Collectors.counting()));
        Map<String, Long> sampled = results.stream()
                .filter(result -> result.getTotalCount() > 0)
                .collect(Collectors.groupingBy(TestResult::getName, Collectors.counting()));
        due.forEach((test, runs) -> {
            long took = sampled.getOrDefault(test, 0L);
            if (took < runs) {
                failures.add(String.format(
                        "%s, %s, JDK %d: %s: %d of %d runs took samples", variant, sites, jdk, test, took, runs));
            }
        });
    }

    /** Whether the test looks at what this variant is, over these sites. */
    private boolean runs(String test, Variant variant, Sites sites) {
        if (variant == Variant.SKETCH && NOT_OF_THE_SKETCH.contains(test)) {
            return false;
        }
        return sites == Sites.CALL_SITE || (effort == Effort.BOUNDED ? counts(test) : !folded(test));
    }

    /** Runs on each broken variant the tests that must catch it, each until it has; a line for each. */
    private String catchAll() throws IOException {
        StringBuilder lines = new StringBuilder(
                String.format("%-27s %-46s %-8s %7s %4s%n", "broken variant", "caught by", "tool", "seconds", "JDK"));
        Set<String> blind = new TreeSet<>(TestList.tests());
        for (Variant variant : Variant.values()) {
            for (CaughtBy by : variant.caughtBy) {
                requireForbidden(by);
                blind.remove(by.test());
                if (!tried(variant)) {
                    continue;
                }
                Caught caught = catching(variant, by);
                String seconds = caught.caught() ? String.format(Locale.ROOT, "%.1f", caught.seconds()) : "not";
                lines.append(String.format(
                        "%-27s %-46s %-8s %7s %4d%n", variant, shortName(by.test()), "jcstress", seconds, jdk));
                if (!caught.caught()) {
                    failures.add(String.format(
                            "%s (%s) was not caught by %s, by one of %s, within %d s on JDK %d",
                            variant, variant.what, by.test(), by.outcomes(), CATCH_WITHIN.toSeconds(), jdk));
                }
            }
        }
        blind.forEach(test -> failures.add(test + " has no variant that it must catch"));
        return lines.toString();
    }

    /** The bounded pass tries each variant on one JDK, since a variant shows what the tests see, and not what the JDK does. */
    private boolean tried(Variant variant) {
        return variant.brokenOn(jdk) && (effort == Effort.COMPLETE || jdk == NEWER_JDK || !variant.brokenOn(NEWER_JDK));
    }

    /** Throws unless the test forbids these outcomes by name. */
    private static void requireForbidden(CaughtBy by) {
        for (String outcome : by.outcomes()) {
            boolean named = TestList.getInfo(by.test()).cases().stream()
                    .anyMatch(known -> known.matchesExactly(outcome) && known.expect() == Expect.FORBIDDEN);
            if (!named) {
                throw new IllegalStateException(by.test() + " does not forbid '" + outcome + "' by name");
            }
        }
    }

    private Caught catching(Variant variant, CaughtBy by) throws IOException {
        long begin = System.nanoTime();
        long end = begin + CATCH_WITHIN.toNanos();
        boolean caught = false;
        while (!caught && System.nanoTime() - end < 0) {
            VMSupport.Config jvm = VMSupport.getAvailableVMConfigs().get(0);
            TestConfig config = config(by.test(), variant, Sites.CALL_SITE, jvm, CompileMode.UNIFIED);
            for (TestResult result : run(List.of(config))) {
                caught |= result.status() == Status.NORMAL
                        && by.outcomes().stream().anyMatch(outcome -> result.getCount(outcome) > 0);
            }
        }
        return new Caught(caught, (System.nanoTime() - begin) / 1e9);
    }

    private static long forbidden(TestResult result) {
        return result.grading().gradingResults.values().stream()
                .filter(graded -> graded.expect == Expect.FORBIDDEN)
                .mapToLong(graded -> graded.count)
                .sum();
    }

    private int[] modes(String test) {
        return effort == Effort.COMPLETE && !folded(test) && VMSupport.compilerDirectivesAvailable()
                ? CompileMode.casesFor(ACTORS, VMSupport.c1Available(), VMSupport.c2Available())
                : UNIFIED; // what folds must be compiled, thrown away, and compiled again
    }

    private TestConfig config(String test, Variant variant, Sites sites, VMSupport.Config jvm, int mode)
            throws IOException {
        TestInfo info = TestList.getInfo(test);
        if (info.threads() != ACTORS) {
            throw new IllegalStateException(test + " has " + info.threads() + " actors");
        }
        List<String> args = new ArrayList<>(jvm.args());
        args.add("-D" + UnderTest.VARIANT_PROPERTY + "=" + variant);
        args.add("-D" + UnderTest.SITES_PROPERTY + "=" + sites);
        return new TestConfig(options(sites, folded(test)), info, 0, args, mode, scheduling.get(0));
    }

    /**
     * jcstress's options. With real call sites an edge takes longer than a thousand samples without one, so the actors
     * meet before each sample; else they would drift apart within a stride.
     */
    private Options options(Sites sites, boolean folded) throws IOException {
        boolean inStep = sites == Sites.CALL_SITE && !folded;
        List<String> args = new ArrayList<>(List.of(
                "-iters",
                "1",
                "-time",
                String.valueOf(folded ? effort.foldedMillis : effort.millis),
                "-strideSize",
                inStep ? "1" : "256",
                "-strideCount",
                inStep ? "200" : "40",
                "-f",
                "1",
                "-fsm",
                "1",
                "-pth", // no test fills its heap: to touch all of it first is only time
                "false"));
        if (effort == Effort.BOUNDED) {
            args.addAll(List.of("-jvmArgs", "-XX:+TieredCompilation")); // the JVM's own mode, and no others
        }
        Options options = new Options(args.toArray(String[]::new));
        if (!options.parse()) {
            throw new IllegalStateException("jcstress refused " + args);
        }
        return options;
    }

    private List<TestResult> run(List<TestConfig> configs) throws IOException {
        InProcessCollector results = new InProcessCollector();
        SerializedBufferCollector sink = new SerializedBufferCollector(results);
        new TestExecutor(new Verbosity(0), sink, scheduler).runAll(configs);
        sink.close();
        return List.copyOf(results.getTestResults());
    }

    /** Whether the races of the test are those of the count, which are many more where an edge costs little. */
    private static boolean counts(String test) {
        return test.startsWith(BalancedStress.class.getCanonicalName());
    }

    /** Whether the test looks at folded code: nothing folds a field. */
    private static boolean folded(String test) {
        return test.startsWith(FoldedStress.class.getCanonicalName());
    }

    private static String shortName(String test) {
        return test.substring(StressRunner.class.getPackageName().length() + 1);
    }
}
