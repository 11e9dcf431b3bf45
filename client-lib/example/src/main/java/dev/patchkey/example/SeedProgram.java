package dev.patchkey.example;

import dev.patchkey.client.Hold;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.PatchkeyException;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * The program behind Linux commit 4c5ea0a9cd02 ("locking/static_key: Fix concurrent static_key_slow_inc()"), over a
 * cluster: several threads acquire a key, check that its branch is taken, and release it, for ever. A branch that is not
 * taken by a thread that holds the key is a miss, and a bug: before that commit, the second of two threads that enabled a
 * key at the same time could return before the call sites were patched.
 *
 * <p>Arguments: the service, {@code http://localhost:8080} unless given; how many threads, 8; for how many seconds, for
 * ever. Exits with 1 if there was a miss.
 */
public final class SeedProgram {

    private static final StaticKey KVM = StaticKey.of("seed.kvm");

    private final LongAdder acquired = new LongAdder();
    private final LongAdder missed = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile boolean stopped;

    private SeedProgram() {}

    public static void main(String[] args) throws InterruptedException {
        URI service = URI.create(args.length > 0 ? args[0] : "http://localhost:8080");
        int threads = args.length > 1 ? Integer.parseInt(args[1]) : 8;
        long seconds = args.length > 2 ? Long.parseLong(args[2]) : Long.MAX_VALUE;
        SeedProgram program = new SeedProgram();
        try (Patchkey patchkey =
                Patchkey.builder(service).application("seed-program").start()) {
            if (!patchkey.awaitReady(Duration.ofSeconds(10))) {
                System.out.println(patchkey.status());
            }
            program.run(patchkey, threads, seconds);
        }
        if (program.missed.sum() > 0) {
            System.exit(1);
        }
    }

    private void run(Patchkey patchkey, int threads, long seconds) throws InterruptedException {
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Thread(() -> acquireCheckRelease(patchkey), "seed-" + i);
            workers[i].start();
        }
        for (long second = 0; second < seconds; second++) {
            Thread.sleep(1000);
            System.out.printf(
                    "%,d acquired, %d missed, %d failed; %s%n",
                    acquired.sum(), missed.sum(), failed.sum(), patchkey.status());
        }
        stopped = true;
        for (Thread worker : workers) {
            worker.join();
        }
    }

    private void acquireCheckRelease(Patchkey patchkey) {
        while (!stopped) {
            try (Hold hold = patchkey.acquire(KVM)) {
                // Asked first: a hold may be lost with the node's lease, and then it promises nothing.
                boolean taken = KVM.isEnabled();
                if (!taken && hold.isLive()) {
                    missed.increment();
                }
                acquired.increment();
            } catch (PatchkeyException e) {
                failed.increment();
            }
        }
    }
}
