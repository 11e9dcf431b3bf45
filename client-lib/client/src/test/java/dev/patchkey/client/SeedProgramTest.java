package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The program behind Linux commit 4c5ea0a9cd02: threads acquire, check that the branch is taken, and release. */
@Invariant(
        number = "N2",
        text = "Waiters wait for the rebind, not for the number: a thread that holds the key finds its branch taken")
class SeedProgramTest extends NodeTest {

    private static final int THREADS = 6;
    private static final long SECONDS = 3;

    @Test
    void nobodyWhoHoldsTheKeyMissesItsBranch() {
        StaticKey key = newKey("kvm");
        // Answers come before, during and after the stream's changes.
        fake.beforeAnswer = request -> {
            if (ThreadLocalRandom.current().nextInt(2) == 0) {
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(3_000_000));
            }
        };
        Patchkey node = ready();
        LongAdder acquired = new LongAdder();
        LongAdder missed = new LongAdder();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            threads.add(inThread(() -> {
                while (System.nanoTime() < end) {
                    try (Hold hold = node.acquire(key)) {
                        boolean taken = key.isEnabled();
                        if (!taken && hold.isLive()) {
                            missed.increment();
                        }
                        acquired.increment();
                    }
                    if (ThreadLocalRandom.current().nextInt(4) == 0) {
                        // Now and then nobody holds it, and the next acquire begins from nothing.
                        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(2_000_000));
                    }
                }
                return null;
            }));
        }
        // An operator beside them.
        while (System.nanoTime() < end) {
            fake.set(key.name(), ThreadLocalRandom.current().nextInt(2));
            pause(java.time.Duration.ofMillis(3));
        }
        threads.forEach(NodeTest::get);
        System.out.printf(
                "%,d acquired, %,d of them over the network%n",
                acquired.sum(), fake.acquires(key.name()).size());
        assertThat(missed.sum()).as("misses in %s acquires", acquired.sum()).isZero();
        assertThat(fake.acquires(key.name()).size())
                .as("acquires that crossed the network")
                .isGreaterThan(20);
        fake.set(key.name(), 0);
        eventually(() -> fake.count(key.name()) == 0 && !key.isEnabled());
    }
}
