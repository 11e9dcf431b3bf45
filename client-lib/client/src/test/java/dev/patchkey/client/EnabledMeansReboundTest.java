package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** N1, as far as the client has observers of its own: listeners, acquires that returned. The wire's is in N8's tests. */
@Invariant(
        number = "N1",
        text = "Enabled means rebound: once any thread has observed a key enabled in any way, every later test on that"
                + " node takes the enabled path, until a disable of a later version begins")
class EnabledMeansReboundTest extends NodeTest {

    @Test
    void whoeverIsToldOfAnEnableFindsTheKeyEnabled() {
        List<String> misses = new CopyOnWriteArrayList<>();
        AtomicInteger told = new AtomicInteger();
        List<StaticKey> keys = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            keys.add(newKey("listener"));
        }
        Patchkey node = ready();
        node.onChange(change -> {
            if (change.enabled() && !StaticKey.of(change.key()).isEnabled()) {
                misses.add(change.key());
            }
            told.incrementAndGet();
        });
        for (StaticKey key : keys) {
            fake.set(key.name(), 1);
        }
        eventually(() -> told.get() >= keys.size());
        assertThat(misses).isEmpty();
    }

    @Test
    void whoeverHasAcquiredFindsTheKeyEnabled() {
        Patchkey node = ready();
        for (int i = 0; i < 100; i++) {
            StaticKey key = newKey("acquired");
            fake.tellHoldChanges = i % 2 == 0;
            try (Hold hold = node.acquire(key)) {
                assertThat(key.isEnabled()).isTrue();
                assertThat(key.count()).isPositive();
                assertThat(hold.isLive()).isTrue();
            }
        }
    }
}
