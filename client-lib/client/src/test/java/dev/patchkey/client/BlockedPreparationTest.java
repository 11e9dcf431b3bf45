package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Preparations are foreign code on the one thread that applies changes. */
class BlockedPreparationTest extends NodeTest {

    @Test
    void aPreparationThatThrowsExceptsItsKeyAloneAndIsTriedAgain() {
        StaticKey failing = newKey("throws");
        StaticKey other = newKey("other");
        AtomicBoolean fails = new AtomicBoolean(true);
        failing.beforeEnable(() -> {
            if (fails.get()) {
                throw new IllegalStateException("no connection pool");
            }
        });
        Patchkey node = ready();
        long revision = fake.set(failing.name(), 1);
        fake.set(other.name(), 1);
        eventually(other::isEnabled);
        eventually(() -> fake.session().applied() >= fake.session().number());
        eventually(() -> excepted().size() == 1);
        Map<?, ?> excepted = (Map<?, ?>) excepted().get(0);
        assertThat(excepted.get("key")).isEqualTo(failing.name());
        assertThat(Json.number(excepted, "revision")).isEqualTo(revision);
        assertThat(Json.text(excepted, "reason")).contains("no connection pool");
        assertThat(failing.isEnabled()).isFalse();
        assertThat(node.status().unreboundKeys()).isOne();
        assertThat(node.status().rebinding()).isNull();

        fails.set(false);
        eventually(failing::isEnabled);
        eventually(() -> excepted().isEmpty());
        assertThat(node.status().unreboundKeys()).isZero();
    }

    private List<?> excepted() {
        Map<String, Object> last = fake.session().lastApplied();
        return last == null ? List.of() : Json.list(last, "except");
    }

    @Test
    void aPreparationThatBlocksHoldsUpWhatIsAppliedAndIsSaidSoWhileHeartbeatsGoOn() {
        shortLease();
        StaticKey blocked = newKey("blocks");
        StaticKey behind = newKey("behind");
        CountDownLatch gate = new CountDownLatch(1);
        blocked.beforeEnable(() -> pass(gate));
        Quiet log = new Quiet();
        Patchkey node = ready(options -> options.logger(log));
        Instant before = Instant.now();
        fake.set(blocked.name(), 1);
        fake.set(behind.name(), 1);
        long sent = fake.session().number();

        eventually(() -> blocked.name().equals(node.status().rebinding()));
        Status status = node.status();
        assertThat(status.rebindingSince()).isBetween(before.minusSeconds(1), Instant.now());
        assertThat(status.toString()).contains("the rebind of key " + blocked.name() + " has lasted since");
        assertThatThrownBy(() -> node.acquire(behind, Duration.ofMillis(500))).isInstanceOf(PatchkeyException.class);
        assertThat(blocked.isEnabled()).isFalse();
        assertThat(behind.isEnabled()).isFalse();
        assertThat(fake.session().applied()).as("nothing is said to be applied").isLessThan(sent);
        eventually(
                () -> log.lines.stream().anyMatch(line -> line.contains(blocked.name()) && line.contains("WARNING")));
        pause(Duration.ofMillis(fake.leaseMillis));
        assertThat(node.status().phase()).as("it outlives its lease").isEqualTo(Status.Phase.READY);
        assertThat(fake.sessions).hasSize(1);

        gate.countDown();
        eventually(behind::isEnabled);
        assertThat(blocked.isEnabled()).isTrue();
        eventuallyApplied();
        eventually(() -> node.status().rebinding() == null);
        eventually(() -> log.lines.stream().anyMatch(line -> line.contains("has ended")));
        assertThat(log.lines.stream().filter(line -> line.contains("has lasted for")))
                .as("it is said once")
                .hasSize(1);
    }

    @Test
    void aNodeWhosePreparationBlocksForEverCanBeClosed() {
        StaticKey blocked = newKey("blocks");
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        blocked.beforeEnable(() -> {
            reached.countDown();
            pass(gate);
        });
        Patchkey node = ready();
        fake.set(blocked.name(), 1);
        pass(reached);
        get(inThread(() -> {
            node.close();
            return true;
        }));
        assertThat(node.status().phase()).isEqualTo(Status.Phase.CLOSED);
        gate.countDown();
    }
}
