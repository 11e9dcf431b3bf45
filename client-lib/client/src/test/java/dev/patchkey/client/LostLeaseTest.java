package dev.patchkey.client;

import static dev.patchkey.client.Status.Phase.READY;
import static dev.patchkey.client.Status.Phase.STALE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.fake.Json;
import dev.patchkey.client.fake.Reply;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a node does once its lease has ended, or the service has ended one of its holds. */
class LostLeaseTest extends NodeTest {

    /** Cuts the node off until its lease is over by its own clock. */
    private Patchkey staleNode(UnaryOperator<Patchkey.Builder> options) {
        shortLease();
        Patchkey node = ready(options);
        fake.vanish();
        eventually(() -> node.status().phase() == STALE);
        return node;
    }

    private void comeBack(Patchkey node) {
        fake.leaseMillis = 30_000;
        fake.endHolds();
        fake.appear();
        eventually(() -> node.status().phase() == READY);
    }

    @Test
    void renewedItLastsLongerThanTwiceItsLength() {
        shortLease();
        long heartbeatsOfALease = fake.leaseMillis / fake.heartbeatMillis;
        StaticKey key = newKey("renewed");
        Patchkey node = ready();
        Hold hold = node.acquire(key);
        FakeSession session = fake.session();
        eventually(() -> session.received("heartbeat").size() > 2 * heartbeatsOfALease);
        assertThat(hold.isLive()).isTrue();
        assertThat(fake.sessions).hasSize(1);
        List<Long> numbers = session.received("heartbeat").stream()
                .map(heartbeat -> Json.number(heartbeat, "seq"))
                .toList();
        for (int i = 0; i < numbers.size(); i++) {
            assertThat(numbers.get(i)).isEqualTo(i + 1L);
        }
    }

    @Test
    void aLostLeaseKillsHoldsForGood() {
        StaticKey key = newKey("lost");
        shortLease();
        Patchkey node = ready();
        Hold lost = node.acquire(key);
        assertThat(lost.isLive()).isTrue();
        fake.vanish();
        eventually(() -> !lost.isLive());
        eventually(() -> node.status().phase() == STALE);
        assertThat(node.status().toString()).contains("stale: the lease has ended");
        assertThat(node.status().heldKeys()).isZero();
        assertThat(key.isEnabled()).as("the policy is to hold the last state").isTrue();
        comeBack(node);

        assertThat(lost.isLive()).as("reconnecting revives nothing").isFalse();
        assertThat(Json.list(fake.session().hello, "held")).isEmpty();
        eventually(() -> !key.isEnabled());
        Hold young = node.acquire(key);
        lost.close();
        pause(A_MOMENT);
        assertThat(young.isLive())
                .as("closing a lost hold touches no later one")
                .isTrue();
        assertThat(key.isEnabled()).isTrue();
        assertThat(fake.count(key.name())).isEqualTo(1);
        young.close();
        eventually(() -> fake.count(key.name()) == 0);
    }

    @Test
    void nothingIsAcquiredOnALeaseThatIsOverThoughTheChannelIsHeldUp() {
        StaticKey key = newKey("over");
        CountDownLatch gate = new CountDownLatch(1);
        Quiet holdsUp = new Quiet() {
            @Override
            public void log(
                    Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... args) {
                if (level == Level.WARNING) {
                    pass(gate);
                }
            }
        };
        shortLease();
        Patchkey node = ready(options -> options.logger(holdsUp));
        Hold hold = node.acquire(key);
        fake.vanish();
        eventually(() -> !hold.isLive());
        assertThat(node.status().heldKeys())
                .as("the channel has not noticed yet")
                .isEqualTo(1);
        assertThatThrownBy(() -> node.acquire(key, A_MOMENT)).isInstanceOf(PatchkeyException.class);
        assertThat(hold.isLive()).isFalse();
        assertThat(gate.getCount()).as("the channel is still held up").isEqualTo(1);
        gate.countDown();
    }

    @Test
    void aShorterLeaseOfTheNextPodCountsAtOnce() {
        fake.leaseMillis = 300_000;
        Patchkey node = ready();
        shortLease();
        fake.session().drop();
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
        fake.vanish();
        eventually(() -> node.status().phase() == STALE);
    }

    @Test
    void aHoldThatTheWelcomeDoesNotNameIsLost() {
        StaticKey key = newKey("missing");
        StaticKey other = newKey("kept");
        Patchkey node = ready();
        Hold lost = node.acquire(key);
        Hold kept = node.acquire(other);
        fake.notAgain.add(key.name());
        fake.session().drop();
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
        eventually(() -> !lost.isLive());
        assertThat(kept.isLive()).isTrue();
        lost.close();
        // It may stand for all the node knows, so it is released; nobody closed it, nobody holds it.
        eventually(() -> fake.count(key.name()) == 0);
    }

    @Test
    void aHoldThatTheServiceHasEndedIsLostAndCanBeAcquiredAnew() {
        StaticKey key = newKey("ended");
        Patchkey node = ready();
        Hold lost = node.acquire(key);
        fake.endHolds();
        fake.set(key.name(), 0);
        eventually(() -> !lost.isLive());
        try (Hold young = node.acquire(key)) {
            assertThat(young.isLive()).isTrue();
            assertThat(key.isEnabled()).isTrue();
            assertThat(lost.isLive()).isFalse();
        }
    }

    @Test
    void aKeyWithThePolicyHoldKeepsItsStateAndOneWithDisableDoesNot() {
        StaticKey holds = newKey("hold");
        StaticKey disables = newKey("disable");
        StaticKey off = newKey("off");
        fake.set(holds.name(), 1);
        fake.set(disables.name(), 3);
        List<KeyChange> changes = new CopyOnWriteArrayList<>();
        Patchkey node = staleNode(options -> options.stalePolicy(disables.name(), StalePolicy.DISABLE));
        node.onChange(changes::add);
        eventually(() -> !disables.isEnabled());
        assertThat(holds.isEnabled()).isTrue();
        assertThat(off.isEnabled()).isFalse();

        fake.leaseMillis = 30_000;
        fake.appear();
        assertThat(node.awaitReady(LONG)).isTrue();
        assertThat(disables.count())
                .as("a snapshot of the same version lifts it")
                .isEqualTo(3);
        eventually(() -> changes.stream().anyMatch(change -> change.key().equals(disables.name()) && change.enabled()));
    }

    @Test
    void withDisableAsTheDefaultOneKeyCanStillHold() {
        StaticKey holds = newKey("hold");
        StaticKey disables = newKey("disable");
        fake.set(holds.name(), 1);
        fake.set(disables.name(), 1);
        staleNode(options -> options.stalePolicy(StalePolicy.DISABLE).stalePolicy(holds.name(), StalePolicy.HOLD));
        eventually(() -> !disables.isEnabled());
        assertThat(holds.isEnabled()).isTrue();
    }

    @Test
    void aGrantGivenToASessionThatIsOverIsAskedForAnew() {
        StaticKey key = newKey("grant");
        CountDownLatch gate = new CountDownLatch(1);
        fake.beforeAnswer = request -> {
            if (fake.acquires(key.name()).size() == 1) {
                pass(gate);
            }
        };
        Patchkey node = ready();
        CompletableFuture<Hold> waiting = inThread(() -> node.acquire(key, LONG));
        eventually(() -> !fake.acquires(key.name()).isEmpty());
        fake.session().drop();
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
        assertThat(Json.list(fake.session().hello, "held"))
                .as("not granted yet")
                .isEmpty();
        gate.countDown();

        assertThat(get(waiting).isLive()).isTrue();
        assertThat(fake.acquires(key.name())).hasSize(2);
        assertThat(fake.acquires(key.name()).get(1).session())
                .as("what is held is held in the name of the session that stands")
                .isEqualTo(fake.session().id);
    }

    @Test
    void anAnswerOfBeforeTheLeaseWasLostLiftsNoStaleness() {
        StaticKey key = newKey("answer");
        CountDownLatch gate = new CountDownLatch(1);
        shortLease();
        fake.onHold = request -> {
            pass(gate);
            return new Reply(
                    200, "{\"key\":\"" + key.name() + "\",\"count\":1,\"enabled\":true,\"epoch\":1,\"revision\":1000}");
        };
        Patchkey node = ready(options -> options.stalePolicy(StalePolicy.DISABLE));
        CompletableFuture<Hold> waiting = inThread(() -> node.acquire(key, Duration.ofSeconds(4)));
        eventually(() -> !fake.acquires(key.name()).isEmpty());
        fake.leaseMillis = 30_000;
        fake.session().mute = true;
        fake.refuseUpgrades = 503;
        eventually(() -> node.status().phase() == STALE);
        gate.countDown();
        pause(A_MOMENT);
        assertThat(key.isEnabled()).isFalse();
        assertThat(waiting).isNotDone();
        assertThat(failure(waiting)).isInstanceOf(PatchkeyException.class);
    }
}
