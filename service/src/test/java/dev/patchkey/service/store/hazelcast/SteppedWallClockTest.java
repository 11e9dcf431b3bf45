package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** A whole store, on a machine whose wall clock is set while it serves. */
class SteppedWallClockTest {
    private static final Duration STEP = Duration.ofDays(1);
    private static final Duration LONG = Duration.ofMinutes(30);

    private final Clocks clocks = new Clocks(Instant.now());

    private static int count(ReferenceCounts counts, String key) {
        return counts.read(new KeyName(key), Consistency.STRONG).state().count();
    }

    /** Returns when a sweep that has begun after the call is over. */
    private void sweep(ReferenceCounts counts) {
        // One sweep may be under way already; it is over when the second one ends something.
        for (String key : new String[] {"canary-1", "canary-2"}) {
            counts.submit(on(key).acquire("holder", Duration.ofMillis(1))).join();
            clocks.pass(Duration.ofMillis(1));
            await().atMost(Duration.ofSeconds(10)).until(() -> count(counts, key) == 0);
        }
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds, and a step of the wall clock ends none and keeps none")
    void leasesEndByTimeAlone() {
        try (TestCluster cluster = TestCluster.ofOne().by(clocks.steady())) {
            ReferenceCounts counts = cluster.start().counts();
            counts.submit(on("held").acquire("holder", LONG)).join();
            clocks.stepWall(STEP);
            sweep(counts);
            assertThat(count(counts, "held")).isEqualTo(1);
            clocks.stepWall(STEP.multipliedBy(-2));
            clocks.pass(LONG);
            await().atMost(Duration.ofSeconds(10)).until(() -> count(counts, "held") == 0);
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled: a step of the wall clock forgets no request")
    void aRequestIsDoneOnce() {
        try (TestCluster cluster = TestCluster.ofOne().by(clocks.steady())) {
            ReferenceCounts counts = cluster.start().counts();
            Command request = requested(on("k").increment(1), "request", "hash");
            Outcome first = counts.submit(request).join();
            clocks.stepWall(STEP);
            counts.submit(on("k").increment(1)).join();
            assertThat(counts.submit(request).join()).isEqualTo(first);
            assertThat(count(counts, "k")).isEqualTo(2);
        }
    }
}
