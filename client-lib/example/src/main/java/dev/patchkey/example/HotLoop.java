package dev.patchkey.example;

import dev.patchkey.client.Patchkey;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;

/**
 * A loop that runs hot with a static key in it. Once a second it prints how fast it goes and which path it takes, and
 * each change of the key at the moment at which this node has rebound its call sites.
 *
 * <p>Argument: the service, {@code http://localhost:8080} unless given; and for how many seconds to run, for ever unless
 * given.
 */
public final class HotLoop {

    /** Static and final, so that the compiled loop has its test as a constant. */
    private static final StaticKey TRACE = StaticKey.of("checkout.trace");

    private static final int ROUNDS_AT_A_TIME = 500_000;

    private static long traced;
    private static long checksum;

    private HotLoop() {}

    public static void main(String[] args) {
        URI service = URI.create(args.length > 0 ? args[0] : "http://localhost:8080");
        long seconds = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
        try (Patchkey patchkey =
                Patchkey.builder(service).application("hot-loop").start()) {
            patchkey.onChange(change -> {
                if (change.key().equals(TRACE.name())) {
                    System.out.printf(
                            "%s is %s: count %d at revision %d%n",
                            change.key(), change.enabled() ? "ON" : "off", change.count(), change.revision());
                }
            });
            System.out.println("This node is " + patchkey.status().node() + ". It works without the service too, with "
                    + "each key off until the service has said otherwise.");
            if (!patchkey.awaitReady(Duration.ofSeconds(5))) {
                System.out.println(patchkey.status());
            }
            run(seconds);
        }
    }

    private static void run(long seconds) {
        for (long second = 0; second < seconds; second++) {
            long start = System.nanoTime();
            long rounds = 0;
            long tracedBefore = traced;
            while (System.nanoTime() - start < 1_000_000_000L) {
                checksum += work(ROUNDS_AT_A_TIME);
                rounds += ROUNDS_AT_A_TIME;
            }
            double rate = rounds / ((System.nanoTime() - start) / 1e9);
            double share = (double) (traced - tracedBefore) / rounds;
            System.out.printf("%,6.0f million rounds/s, %3.0f%% of them on the traced path%n", rate / 1e6, 100 * share);
        }
        System.out.println("checksum " + checksum);
    }

    /** The code under the key: off, it is not there. */
    private static long work(int rounds) {
        long hash = 17;
        for (int i = 0; i < rounds; i++) {
            hash = hash * 31 + i;
            if (TRACE.isEnabled()) {
                traced++;
            }
        }
        return hash;
    }
}
