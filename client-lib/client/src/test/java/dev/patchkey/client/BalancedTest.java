package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** N5 for the node's own count of references to its hold. */
@Invariant(number = "N5", text = "Balanced: the local count is never negative, never wraps; closing twice is a no-op")
class BalancedTest {

    /** How references to the node's hold are counted over several of its generations. */
    private interface Counting {
        /** A new generation with one reference; runs to close that. */
        Runnable begin();

        void lose();

        boolean isHeld();
    }

    private static final class Ours implements Counting {
        private @Nullable Tenure tenure;

        @Override
        public Runnable begin() {
            Tenure begun = new Tenure(StaticKey.of("test.balanced"), 1, 1, Version.NONE);
            tenure = begun;
            return begun::release;
        }

        @Override
        public void lose() {
            if (tenure != null) {
                tenure.lose();
            }
        }

        @Override
        public boolean isHeld() {
            return tenure != null && tenure.isLive();
        }
    }

    /** Counts without generations. */
    private static final class CountsOnly implements Counting {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public Runnable begin() {
            count.incrementAndGet();
            return count::decrementAndGet;
        }

        @Override
        public void lose() {
            count.set(0);
        }

        @Override
        public boolean isHeld() {
            return count.get() > 0;
        }
    }

    private static void aHoldOfALostGenerationTouchesNoLaterOne(Counting counting) {
        Runnable old = counting.begin();
        counting.lose();
        assertThat(counting.isHeld()).isFalse();
        Runnable young = counting.begin();
        old.run();
        assertThat(counting.isHeld())
                .as("held after an older generation was closed")
                .isTrue();
        young.run();
        assertThat(counting.isHeld()).isFalse();
        young.run();
        assertThat(counting.isHeld()).isFalse();
    }

    @Test
    void aHoldOfALostGenerationTouchesNoLaterOne() {
        aHoldOfALostGenerationTouchesNoLaterOne(new Ours());
    }

    @Test
    void aCountWithoutGenerationsIsFoundOut() {
        assertThatThrownBy(() -> aHoldOfALostGenerationTouchesNoLaterOne(new CountsOnly()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("after an older generation was closed");
    }

    @Test
    void atTheMaximumNothingChanges() {
        Tenure tenure = new Tenure(StaticKey.of("test.balanced"), Integer.MAX_VALUE, 1, Version.NONE);
        assertThatThrownBy(tenure::retain).isInstanceOf(IllegalStateException.class);
        assertThat(tenure.get()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void exactlyOneOfManyReleasesIsTheLast() {
        for (int round = 0; round < 200; round++) {
            Tenure tenure = new Tenure(StaticKey.of("test.balanced"), 1, 1, Version.NONE);
            AtomicInteger last = new AtomicInteger();
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                threads.add(CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 50; i++) {
                        if (tenure.retain() && tenure.release()) {
                            last.incrementAndGet();
                        }
                    }
                }));
            }
            if (tenure.release()) {
                last.incrementAndGet();
            }
            threads.forEach(CompletableFuture::join);
            assertThat(tenure.get()).isZero();
            assertThat(last.get()).isEqualTo(1);
        }
    }
}
