package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The node's lease ends before the service's, whatever the network does. */
class LeaseTest {

    private static final long LENGTH = Duration.ofSeconds(10).toNanos();
    private static final long MARGIN = LENGTH / 10;

    /** What is held against the lease, ours or a flawed one. */
    private interface Subject {
        void begin(long sent);

        void sent(long seq, long now);

        void confirmed(long seq, long now);

        /** When it ends, by the node's clock. */
        long end();
    }

    private static final class Ours implements Subject {
        // A monotonic clock may start anywhere, just before its overflow too; here it stands at 0, as no time passes.
        private final Lease lease = new Lease(() -> 0);

        @Override
        public void begin(long sent) {
            lease.begin(sent, Duration.ofNanos(LENGTH));
        }

        @Override
        public void sent(long seq, long now) {
            lease.sent(seq, now);
        }

        @Override
        public void confirmed(long seq, long now) {
            lease.confirmed(seq);
        }

        @Override
        public long end() {
            return lease.remainingNanos();
        }
    }

    /** Counts from the confirmation, as is tempting. */
    private static final class CountsFromTheConfirmation implements Subject {
        private long end;

        @Override
        public void begin(long sent) {
            end = sent + LENGTH - MARGIN;
        }

        @Override
        public void sent(long seq, long now) {}

        @Override
        public void confirmed(long seq, long now) {
            end = now + LENGTH - MARGIN;
        }

        @Override
        public long end() {
            return end;
        }
    }

    private static void check(Subject node, long seed) {
        Random random = new Random(seed);
        long now = 1_000;
        node.begin(now);
        long service = now + random.nextLong(LENGTH) + LENGTH;
        for (int seq = 1; seq < 100; seq++) {
            now += random.nextLong(LENGTH / 3);
            node.sent(seq, now);
            if (random.nextInt(4) > 0) {
                // It arrives, and some time later its confirmation.
                long arrival = now + random.nextLong(LENGTH / 2);
                service = Math.max(service, arrival + LENGTH);
                node.confirmed(seq, arrival + random.nextLong(LENGTH / 2));
            }
            assertThat(service - node.end())
                    .as("by how much the node gives up before the service")
                    .isGreaterThanOrEqualTo(MARGIN);
        }
    }

    @Test
    void theNodeGivesUpFirst() {
        for (long seed = 0; seed < 500; seed++) {
            check(new Ours(), seed);
        }
    }

    @Test
    void aLeaseCountedFromTheConfirmationIsFoundOut() {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 500; seed++) {
                        check(new CountsFromTheConfirmation(), seed);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("gives up before the service");
    }

    @Test
    void itIsOverWhenTheClockSaysSoAndWhenItIsLost() {
        long[] now = {Long.MAX_VALUE - 5};
        Lease lease = new Lease(() -> now[0]);
        assertThat(lease.isLive()).isFalse();
        lease.begin(now[0], Duration.ofNanos(100));
        assertThat(lease.isLive()).isTrue();
        now[0] += 89;
        assertThat(lease.isLive()).isTrue();
        lease.sent(1, now[0]);
        now[0] += 1;
        assertThat(lease.isLive()).isFalse();
        lease.confirmed(1);
        assertThat(lease.isLive()).as("somebody has seen it end").isFalse();
        lease.begin(now[0], Duration.ofNanos(100));
        long term = lease.term();
        lease.lose();
        assertThat(lease.isLive()).isFalse();
        assertThat(lease.term()).isGreaterThan(term);
    }

    @Test
    void renewalsThatNobodyConfirmsAreForgotten() {
        Lease lease = new Lease(() -> 0);
        lease.begin(0, Duration.ofNanos(1000));
        for (int seq = 1; seq <= 1_000_000; seq++) {
            lease.sent(seq, seq);
        }
        lease.confirmed(1);
        assertThat(lease.remainingNanos()).as("the first is forgotten").isEqualTo(900);
        lease.confirmed(1_000_000);
        assertThat(lease.remainingNanos()).isEqualTo(1_000_900);
    }
}
