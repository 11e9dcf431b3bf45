package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** N8, on the wire and in the order of the backlog. */
@Invariant(
        number = "N8",
        text = "Applied is true: a node says a change is applied only when every test of that key reflects it")
class AppliedIsTrueTest extends NodeTest {

    @Test
    void aNumberIsSaidOnlyOnceItsKeysAreRebound() {
        StaticKey slow = newKey("slow");
        StaticKey next = newKey("next");
        CountDownLatch gate = new CountDownLatch(1);
        slow.beforeEnable(() -> pass(gate));
        ready();
        FakeSession session = fake.session();
        eventuallyApplied();
        long before = session.applied();

        fake.set(slow.name(), 1);
        fake.set(next.name(), 1);
        pause(A_MOMENT);
        assertThat(session.applied())
                .as("applied while the rebind is in progress")
                .isEqualTo(before);
        assertThat(slow.isEnabled()).isFalse();

        gate.countDown();
        eventually(() -> session.applied() == before + 2);
        assertThat(slow.isEnabled()).isTrue();
        assertThat(next.isEnabled()).isTrue();
    }

    @Test
    void whoeverReceivesANumberFindsEachTestOfItsKeysEnabled() {
        ready();
        FakeSession session = fake.session();
        for (int i = 0; i < 200; i++) {
            StaticKey key = newKey("wire");
            fake.set(key.name(), 1);
            long number = session.number();
            while (session.applied() < number) { // ends: the class's timeout
                Thread.onSpinWait();
            }
            assertThat(key.isEnabled())
                    .as("%s, of message %s, which is said to be applied", key, number)
                    .isTrue();
        }
    }

    @Test
    void aKeyWhoseRebindFailsIsExceptedUntilItSucceedsAndHoldsUpNoOther() {
        StaticKey failing = newKey("failing");
        StaticKey other = newKey("other");
        AtomicBoolean fails = new AtomicBoolean(true);
        AtomicInteger attempts = new AtomicInteger();
        failing.beforeEnable(() -> {
            attempts.incrementAndGet();
            if (fails.get()) {
                throw new IllegalStateException("not yet");
            }
        });
        Patchkey node = ready();
        FakeSession session = fake.session();
        long revision = fake.set(failing.name(), 1);
        fake.set(other.name(), 1);

        eventually(() -> session.applied() == session.number());
        eventually(() -> Json.write(session.lastApplied()).contains(failing.name()));
        assertThat(Json.write(session.lastApplied()))
                .contains("\"except\":[{\"key\":\"" + failing.name() + "\",\"revision\":" + revision)
                .contains("not yet");
        assertThat(other.isEnabled()).isTrue();
        assertThat(failing.isEnabled()).isFalse();
        assertThat(node.status().unreboundKeys()).isEqualTo(1);
        assertThat(node.status().toString()).contains("1 not rebound yet");
        eventually(() -> attempts.get() >= 3);

        fails.set(false);
        eventually(() -> Json.write(session.lastApplied()).contains("\"except\":[]"));
        assertThat(failing.isEnabled()).isTrue();
        assertThat(session.applied()).isEqualTo(session.number());
        assertThat(node.status().unreboundKeys()).isZero();
    }

    @Test
    void heartbeatsNeverWaitForARebind() {
        StaticKey slow = newKey("slow");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        slow.beforeEnable(() -> {
            begun.countDown();
            pass(gate);
        });
        ready();
        FakeSession session = fake.session();
        fake.set(slow.name(), 1);
        pass(begun);
        int before = session.received("heartbeat").size();
        // More than the one that may have been under way when the rebind began.
        eventually(() -> session.received("heartbeat").size() >= before + 3);
        assertThat(fake.sessions).hasSize(1);
        gate.countDown();
        eventually(slow::isEnabled);
    }

    @Test
    void underFlappingTheNewestWinsAndTheLastIsNeverDropped() {
        StaticKey key = newKey("flapping");
        AtomicInteger rebinds = new AtomicInteger();
        key.beforeEnable(() -> {
            rebinds.incrementAndGet();
            pause(Duration.ofMillis(5));
        });
        ready();
        for (int i = 0; i < 1000; i++) {
            fake.set(key.name(), i % 2);
        }
        eventuallyApplied();
        assertThat(key.isEnabled()).as("after the last of 1,000 changes").isTrue();
        fake.set(key.name(), 0);
        eventuallyApplied();
        assertThat(key.isEnabled()).isFalse();
        assertThat(rebinds.get()).as("conflated").isLessThan(500);
    }

    @Test
    void theBacklogTakesAMarkerOnlyAfterAllThatItStandsFor() {
        for (long seed = 0; seed < 300; seed++) {
            new BacklogCheck(seed).run(new OurBacklog());
        }
    }

    @ParameterizedTest
    @EnumSource(FlawedBacklog.Flaw.class)
    void aFlawedBacklogIsFoundOut(FlawedBacklog.Flaw flaw) {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 300; seed++) {
                        new BacklogCheck(seed).run(new FlawedBacklog(flaw));
                    }
                })
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void withoutAFlawTheModelOfTheBacklogPassesToo() {
        // Shows that it is the flaw that is found above, and nothing else about the model.
        assertThatCode(() -> {
                    for (long seed = 0; seed < 300; seed++) {
                        new BacklogCheck(seed).run(new FlawedBacklog(null));
                    }
                })
                .doesNotThrowAnyException();
    }
}
