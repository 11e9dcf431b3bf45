package dev.patchkey.benchmarks;

import dev.patchkey.benchmarks.check.CheckBenchmark;
import dev.patchkey.benchmarks.flip.FlipBenchmark;
import java.util.Locale;

/** Runs the benchmarks that the command line names. */
public final class Main {

    private static final String USAGE = """
            usage: java -jar benchmarks.jar WHAT [--out DIRECTORY] [--quick]
              check                     what a check costs, beside its limit and the peers
              flip                      what an edge costs, and how long hot threads feel it
              keys                      100,000 keys in one JVM
              acquire SERVICE.JAR       what holding a key costs that is held already
              service SERVICE.JAR       increments over HTTP
              propagation SERVICE.JAR   from the commit to applied
              all SERVICE.JAR           all of these
            A service needs a JDK 25: the one that runs this, or the java that is named after SERVICE.JAR.
            --out writes raw results and tables there. --quick only shows that everything runs: it measures nothing.""";

    private Main() {}

    public static void main(String[] args) throws Exception {
        Locale.setDefault(Locale.ROOT); // numbers are printed alike everywhere
        CommandLine line;
        try {
            line = CommandLine.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println(USAGE);
            System.exit(2);
            return;
        }
        Report report = new Report(line.out(), line.quick());
        switch (line.what()) {
            case "check" -> CheckBenchmark.run(report);
            case "flip" -> FlipBenchmark.run(report);
            case "keys" -> KeysBenchmark.run(report);
            case "acquire" -> AcquireBenchmark.run(report, line.service());
            case "service" -> ServiceBenchmark.run(line.service());
            case "propagation" -> PropagationBenchmark.run(line.service());
            case "all" -> all(report, line);
            default -> {
                System.err.println(USAGE);
                System.exit(2);
            }
        }
    }

    private static void all(Report report, CommandLine line) throws Exception {
        CheckBenchmark.run(report);
        FlipBenchmark.run(report);
        KeysBenchmark.run(report);
        AcquireBenchmark.run(report, line.service());
        if (!line.quick()) { // they have no short form
            ServiceBenchmark.run(line.service());
            PropagationBenchmark.run(line.service());
        }
    }
}
