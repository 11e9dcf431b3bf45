package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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
}
