package dev.patchkey.benchmarks;

import java.util.Locale;

/** Runs the benchmarks that the command line names. */
public final class Main {

    private static final String USAGE = """
            usage: java -jar benchmarks.jar WHAT [--out DIRECTORY] [--quick]
              check                            what a check costs, beside its limit and the peers
              flip                             what an edge costs, and how long hot threads feel it
              keys                             100,000 keys in one JVM
              acquire SERVICE.JAR [JAVA]       what holding a key costs that is held already
              durable SERVICE.JAR [JAVA]       durable increments over HTTP, beside etcd and ZooKeeper
              propagation SERVICE.JAR [JAVA]   from the commit to applied
              all SERVICE.JAR [JAVA]           all of these
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
        for (NamedBenchmark benchmark : line.benchmarks()) {
            benchmark.run(new Report(benchmark.lowerCase(), line.out(), line.quick()), line.service());
        }
    }
}
