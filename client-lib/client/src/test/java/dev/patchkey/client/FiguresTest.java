package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.Figures.Waiting;
import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a node says of itself in numbers is so. */
class FiguresTest extends NodeTest {

    private static final Duration PREPARES = Duration.ofMillis(20);

    @Test
    void edgesAreCountedAndTimedAndChangesThatCrossNoneAreNot() {
        StaticKey key = newKey("edges");
        key.beforeEnable(() -> pause(PREPARES));
        Patchkey node = ready();
        List<KeyRebind> told = new CopyOnWriteArrayList<>();
        node.onRebind(told::add);
        assertThat(node.figures().edges()).isEqualTo(new Figures.Edges(0, 0, Duration.ZERO, Duration.ZERO));

        fake.set(key.name(), 1);
        fake.set(key.name(), 2);
        eventually(() -> key.count() == 2);
        eventuallyApplied();
        eventually(() -> node.figures().edges().enables() == 1);
        Figures.Edges enabled = node.figures().edges();
        assertThat(enabled.disables()).isZero();
        assertThat(enabled.longest()).isGreaterThanOrEqualTo(PREPARES).isEqualTo(enabled.time());

        fake.set(key.name(), 0);
        eventually(() -> node.figures().edges().disables() == 1);
        Figures.Edges both = node.figures().edges();
        assertThat(both.enables()).isEqualTo(1);
        assertThat(both.time()).isGreaterThan(enabled.time());
        assertThat(both.longest()).isLessThan(both.time());

        eventually(() -> told.size() == 2);
        assertThat(told).extracting(KeyRebind::key).containsOnly(key.name());
        assertThat(told).extracting(KeyRebind::enabled).containsExactly(true, false);
        assertThat(told.get(0).took().plus(told.get(1).took())).isEqualTo(both.time());
    }

    @Test
    void aNameThatNobodyHasMadeAKeyOfHasNothingToRebind() {
        Patchkey node = ready();
        List<KeyRebind> told = new CopyOnWriteArrayList<>();
        node.onRebind(told::add);
        StaticKey declared = newKey("declared");
        String undeclared = declared.name() + ".not";
        int known = node.figures().mirroredKeys();
        fake.set(undeclared, 1);
        fake.set(declared.name(), 1);
        eventually(() -> told.size() == 1);
        assertThat(told.get(0).key()).isEqualTo(declared.name());
        Figures figures = node.figures();
        assertThat(figures.edges().enables()).isEqualTo(1);
        assertThat(figures.mirroredKeys()).isEqualTo(known + 2);
        assertThat(figures.callSites()).doesNotContainKey(undeclared);
    }

    @Test
    void callSitesAreThoseOfTheKeysThatAreThere() {
        StaticKey key = newKey("sites");
        StaticKey local = newKey("local");
        StaticKey off = newKey("off");
        key.select("off", "on");
        key.select(1, 2);
        local.enable();
        Patchkey node = ready();
        fake.set(key.name(), 1);
        eventually(key::isEnabled);
        Figures figures = node.figures();
        assertThat(figures.callSites())
                .containsEntry(key.name(), 3)
                .containsEntry(off.name(), 1)
                .doesNotContainKey(local.name());
        long enabled = figures.callSites().keySet().stream()
                .filter(name -> StaticKey.of(name).isEnabled())
                .count();
        assertThat(figures.enabledKeys()).isEqualTo((int) enabled).isPositive();
        assertThatThrownBy(() -> figures.callSites().put("a", 1)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void whatIsReceivedAndNotAppliedIsALag() {
        StaticKey blocked = newKey("blocks");
        StaticKey behind = newKey("behind");
        CountDownLatch gate = new CountDownLatch(1);
        blocked.beforeEnable(() -> pass(gate));
        Patchkey node = ready();
        Figures before = node.figures();
        assertThat(before.revisionLag()).isZero();
        assertThat(before.applyLag()).isZero();
        assertThat(before.waiting()).isEqualTo(new Waiting(0, 0, 0, 0));

        fake.set(blocked.name(), 1);
        fake.set(behind.name(), 1);
        eventually(() -> node.figures().revisionLag() == 2);
        assertThat(node.figures().waiting()).isEqualTo(new Waiting(2, 0, 0, 0));
        pause(A_MOMENT);
        fake.set(behind.name(), 2);
        eventually(() -> node.figures().revisionLag() == 3);
        assertThat(node.figures().applyLag()).as("of the oldest message").isGreaterThanOrEqualTo(A_MOMENT);

        gate.countDown();
        eventually(() -> node.figures().applyLag().isZero());
        eventually(() -> node.figures().revisionLag() == 0);
        assertThat(node.figures().waiting()).isEqualTo(new Waiting(0, 0, 0, 0));
    }

    @Test
    void theLagIsThatOfTheOldestMessageAlsoWhereANewerOneIsAppliedWithIt() {
        HandClock clock = new HandClock();
        Backlog backlog = new Backlog(clock);
        Backlog.Deliverer nobody = (marker, except) -> {};
        for (int n = 1; n <= 2; n++) {
            List<KeyState> keys = List.of(new KeyState("same", n, n));
            backlog.deliver(nobody, new PodMessage.Change(n, new Version(1, n), keys), any -> true);
            clock.pass(PREPARES);
        }
        assertThat(backlog.outstanding().age()).isEqualTo(PREPARES.multipliedBy(2));
        assertThat(backlog.outstanding().newest()).isEqualTo(new Version(1, 2));
        assertThat(new Version(1, 5).revisionsAfter(new Version(1, 2))).isEqualTo(3);
        assertThat(new Version(1, 2).revisionsAfter(new Version(1, 5))).isZero();
        assertThat(new Version(2, 4).revisionsAfter(new Version(1, 9)))
                .as("of another epoch")
                .isEqualTo(4);
        assertThat(new Version(1, 9).revisionsAfter(new Version(2, 4))).isZero();
    }

    @Test
    void keysThatFailOrAreRefusedWaitAndAreNoLag() {
        StaticKey failing = newKey("fails");
        StaticKey refused = newKey("refused");
        AtomicBoolean fails = new AtomicBoolean(true);
        failing.beforeEnable(() -> {
            if (fails.get()) {
                throw new IllegalStateException("no connection pool");
            }
        });
        refused.enable();
        Patchkey node = ready();
        fake.set(failing.name(), 1);
        fake.set(refused.name(), 1);
        eventually(() -> {
            Figures figures = node.figures();
            return figures.waiting().equals(new Waiting(0, 0, 1, 1)) && figures.failedRebinds() > 1;
        });
        eventually(() -> node.figures().revisionLag() == 0);
        assertThat(node.figures().applyLag()).isZero();
        assertThat(node.figures().edges().enables()).isZero();

        fails.set(false);
        eventually(() -> node.figures().waiting().equals(new Waiting(0, 0, 0, 1)));
        eventually(() -> node.figures().edges().enables() == 1);
    }

    @Test
    void silenceGrowsFromTheLastWordOfAPodAndConnectsAreCounted() {
        fake.heartbeatMillis = 100;
        Patchkey node = ready();
        assertThat(node.figures().connects()).isEqualTo(1);
        Duration several = Duration.ofMillis(fake.heartbeatMillis * 5);
        pause(several);
        eventually(() -> node.figures().silence().compareTo(several) < 0);

        fake.vanish();
        eventually(() -> node.figures().silence().compareTo(several) > 0);
        assertThat(node.figures().connects()).isEqualTo(1);
        fake.appear();
        eventually(() -> node.figures().connects() == 2);
        eventually(() -> node.figures().silence().compareTo(several) < 0);
    }

    @Test
    void aPodThatHasNotSentItsWholeSnapshotIsSilent() {
        fake.heartbeatMillis = 50;
        fake.script = session -> {
            fake.welcome(session);
            session.sendSnapshot(fake.epoch, fake.revision(), false, List.of());
        };
        Patchkey node = start(options -> options);
        Duration several = Duration.ofMillis(fake.heartbeatMillis * 10);
        eventually(() -> node.figures().connects() == 1);
        pause(several);
        assertThat(node.figures().silence()).isGreaterThanOrEqualTo(several);
        fake.session().sendSnapshot(fake.epoch, fake.revision(), true, List.of());
        eventually(() -> node.figures().silence().compareTo(several) < 0);
    }

    @Test
    void silenceIsSinceTheStartWhereNoPodHasEverSaidAWord() {
        fake.script = session -> {};
        Patchkey node = start(options -> options);
        pause(A_MOMENT);
        assertThat(node.figures().silence()).isGreaterThanOrEqualTo(A_MOMENT);
        assertThat(node.figures().connects()).isZero();
    }

    @Test
    void aListenerOfRebindsThatBlocksMissesThoseAfterTheBoundAndKeepsUpNobody() {
        Threads threads = new Threads(Quiet.LOGGER);
        Listeners<KeyRebind> listeners = Listeners.ofEach(KeyRebind::key, threads, Quiet.LOGGER);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        Registration registration = listeners.add(rebind -> {
            reached.countDown();
            pass(gate);
            calls.incrementAndGet();
        });
        KeyRebind rebind = new KeyRebind("same", true, Duration.ZERO);
        listeners.tell(rebind);
        pass(reached);
        for (int i = 0; i < Listeners.MOST_PENDING + 5; i++) {
            listeners.tell(rebind);
        }
        gate.countDown();
        eventually(() -> calls.get() == Listeners.MOST_PENDING + 1);
        listeners.tell(rebind);
        eventually(() -> calls.get() == Listeners.MOST_PENDING + 2);
        registration.close();
        listeners.close();
        threads.close();
    }

    @Test
    void aClosedNodeStillSaysWhatItHasDone() {
        StaticKey key = newKey("closed");
        Patchkey node = ready();
        fake.set(key.name(), 1);
        eventually(() -> node.figures().edges().enables() == 1);
        node.close();
        assertThat(node.figures().edges().enables()).isEqualTo(1);
        assertThat(node.figures().callSites()).isNotEqualTo(Map.of());
    }
}
