package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Listeners are told what was applied, and can harm nobody. */
class ListenersTest extends NodeTest {

    @Test
    void changesAreToldOnceAppliedAndNotToThoseWhoHaveLeft() {
        StaticKey key = newKey("told");
        Patchkey node = ready();
        List<KeyChange> told = new CopyOnWriteArrayList<>();
        Registration registration = node.onChange(told::add);
        long first = fake.set(key.name(), 2);
        eventually(() -> told.size() == 1);
        assertThat(told.get(0)).isEqualTo(new KeyChange(key.name(), 2, 1, first, false));
        assertThat(told.get(0).enabled()).isTrue();

        registration.close();
        registration.close();
        fake.set(key.name(), 0);
        eventuallyApplied();
        pause(A_MOMENT);
        assertThat(told).hasSize(1);
    }

    @Test
    void aListenerThatThrowsIsLoggedAndToldTheNextAllTheSame() {
        StaticKey key = newKey("throws");
        Quiet log = new Quiet();
        Patchkey node = ready(options -> options.logger(log));
        List<Integer> told = new CopyOnWriteArrayList<>();
        node.onChange(change -> {
            told.add(change.count());
            throw new IllegalStateException("a bug in the application");
        });
        fake.set(key.name(), 1);
        eventually(() -> told.size() == 1);
        fake.set(key.name(), 0);
        eventually(() -> told.size() == 2);
        assertThat(log.lines).anyMatch(line -> line.contains("a bug in the application"));
    }

    @Test
    void aListenerThatBlocksKeepsUpNeitherTheMirrorNorOthersAndIsToldTheNewest() {
        StaticKey key = newKey("blocks");
        StaticKey last = newKey("blocks");
        CountDownLatch gate = new CountDownLatch(1);
        List<Integer> blocked = new CopyOnWriteArrayList<>();
        List<String> others = new CopyOnWriteArrayList<>();
        Patchkey node = ready();
        node.onChange(change -> {
            pass(gate);
            if (change.key().equals(key.name())) {
                blocked.add(change.count());
            }
        });
        node.onChange(change -> others.add(change.key()));
        fake.set(key.name(), 1);
        eventuallyApplied();
        for (int count = 2; count <= 100; count++) {
            fake.set(key.name(), count);
        }
        fake.set(last.name(), 1);
        eventually(last::isEnabled);
        eventually(() -> others.contains(last.name()));
        assertThat(key.count()).isEqualTo(100);
        assertThat(blocked).isEmpty();
        gate.countDown();
        eventually(() -> blocked.contains(100));
        assertThat(blocked.size()).as("conflated").isLessThanOrEqualTo(3);
        assertThat(new ArrayList<>(blocked)).isSorted();
    }

    @Test
    void aListenerThatBlocksForEverDelaysNoHeartbeatAndNoClose() {
        shortLease();
        StaticKey key = newKey("for-ever");
        Patchkey node = ready();
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        node.onChange(change -> {
            reached.countDown();
            passUnlessInterrupted(never);
        });
        fake.set(key.name(), 1);
        pass(reached);
        pause(Duration.ofMillis(fake.leaseMillis + fake.leaseMillis / 2));
        assertThat(node.status().phase()).isEqualTo(Status.Phase.READY);
        assertThat(fake.sessions).hasSize(1);
        try (Hold hold = node.acquire(key)) {
            assertThat(hold.isLive()).isTrue();
        }
        get(inThread(() -> {
            node.close();
            return true;
        }));
        never.countDown();
    }

    private static void passUnlessInterrupted(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aListenerMayTestAndAcquireKeysAndCloseHoldsAndRegistrations() {
        StaticKey key = newKey("calls-back");
        StaticKey other = newKey("calls-back");
        Patchkey node = ready();
        Hold held = node.acquire(other);
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        List<KeyChange> toldToTheNext = new CopyOnWriteArrayList<>();
        AtomicReference<Registration> itself = new AtomicReference<>();
        itself.set(node.onChange(change -> {
            if (!change.key().equals(key.name())) {
                return;
            }
            boolean seen = key.isEnabled();
            try (Hold own = node.acquire(key)) {
                seen &= own.isLive();
            }
            node.onChange(toldToTheNext::add);
            held.close();
            itself.get().close();
            done.complete(seen);
        }));
        fake.set(key.name(), 1);
        assertThat(get(done)).isTrue();
        eventually(() ->
                toldToTheNext.stream().anyMatch(change -> change.key().equals(other.name()) && !change.enabled()));
        assertThat(other.isEnabled()).as("what is told was applied before").isFalse();
    }

    @Test
    void aListenerMayCloseTheNodeAndIsNotCalledAgain() {
        StaticKey key = newKey("closes");
        Patchkey node = ready();
        AtomicInteger calls = new AtomicInteger();
        CompletableFuture<Status.Phase> closed = new CompletableFuture<>();
        node.onChange(change -> {
            calls.incrementAndGet();
            node.close();
            closed.complete(node.status().phase());
        });
        fake.set(key.name(), 1);
        assertThat(get(closed)).isEqualTo(Status.Phase.CLOSED);
        assertThat(calls).hasValue(1);
    }

    @Test
    void aListenerTooManyIsRefused() {
        Patchkey node = ready();
        List<Registration> registrations = new ArrayList<>();
        for (int i = 0; i < Listeners.MOST; i++) {
            registrations.add(node.onChange(change -> {}));
        }
        assertThatThrownBy(() -> node.onChange(change -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Listeners.MOST + " listeners");
        registrations.get(0).close();
        node.onChange(change -> {});
    }
}
