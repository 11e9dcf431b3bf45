package dev.patchkey.benchmarks;

import java.util.Arrays;

/** {@code java -jar benchmarks.jar check | acquire <service.jar> | service <service.jar> | propagation <service.jar>}. */
public final class Main {

    private Main() {}

    public static void main(String[] args) throws Exception {
        String what = args.length == 0 ? "" : args[0];
        String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
        switch (what) {
            case "check" -> CheckBenchmark.run();
            case "acquire" -> AcquireBenchmark.run(rest);
            case "service" -> ServiceBenchmark.run(rest);
            case "propagation" -> PropagationBenchmark.run(rest);
            default -> {
                System.err.println(
                        "usage: java -jar benchmarks.jar check | acquire <service.jar> | service <service.jar> [java]"
                                + " | propagation <service.jar> [java]");
                System.exit(2);
            }
        }
    }
}
