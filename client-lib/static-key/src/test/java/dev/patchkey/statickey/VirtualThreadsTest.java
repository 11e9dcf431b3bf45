package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A virtual thread that waits for a key gives its carrier back, or who holds the key's lock could never go on. */
class VirtualThreadsTest {

    private static final List<String> ONE_CARRIER =
            List.of("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");

    @BeforeEach
    void thereAreVirtualThreads() {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads came with JDK 21");
    }

    @Test
    void thousandsMeetAtFewKeysOnOneCarrier() {
        assertThat(Fork.run(OneCarrier.class, ONE_CARRIER, "keys", "40")).contains("ended, with 0 lies");
    }

    @Test
    void theTestSeesAWaitThatKeepsTheCarrier() {
        assertThat(Fork.run(OneCarrier.class, ONE_CARRIER, "spin", "2")).contains("starved");
    }
}
