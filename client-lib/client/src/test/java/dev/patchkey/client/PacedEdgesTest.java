package dev.patchkey.client;

import static dev.patchkey.client.Pace.EDGES_AT_ONCE;
import static dev.patchkey.client.Pace.INTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.fake.Json;
import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** N8, of a key that flaps: its edges are paced, and what is said to be applied is true all the same. */
@Invariant(
        number = "N8",
        text = "Applied is true: a node says a change is applied only when every test of that key reflects it")
class PacedEdgesTest extends NodeTest {

    private static final Duration NEARLY = INTERVAL.minusNanos(1);
    private static final Duration REST = Duration.ofNanos(1);
    private static final Backlog.Deliverer NOBODY = (marker, except) -> {};
    private static final String KEY = "flapping";
    private static final String OTHER = "other";

    private final HandClock clock = new HandClock();
    private final Backlog backlog = new Backlog(clock);
    private long number;
    private long revision;

    private void deliver(String key, int count) {
        revision++;
        backlog.deliver(
                NOBODY,
                new PodMessage.Change(++number, new Version(1, revision), List.of(new KeyState(key, count, revision))),
                any -> true);
    }

    private Backlog.Rebound takeAndRebind(String key, int count, boolean stale) {
        Backlog.Rebind rebind = takeRebind();
        assertThat(rebind.slot().key).isEqualTo(key);
        assertThat(rebind.count()).isEqualTo(count);
        assertThat(rebind.stale()).isEqualTo(stale);
        return backlog.rebound(rebind);
    }

    private Backlog.Rebind takeRebind() {
        Backlog.Work work = backlog.take();
        assertThat(work).isInstanceOf(Backlog.Rebind.class);
        return (Backlog.Rebind) Objects.requireNonNull(work);
    }

    private List<Slot.Waiter> takePaced(String key) {
        Backlog.Work work = backlog.take();
        assertThat(work).isInstanceOf(Backlog.Paced.class);
        Backlog.Paced paced = (Backlog.Paced) Objects.requireNonNull(work);
        assertThat(paced.slot().key).isEqualTo(key);
        return paced.waiters();
    }

    private void takeMarkerExcepting(String... keys) {
        assertThat(backlog.take())
                .isInstanceOfSatisfying(
                        Backlog.Marker.class, marker -> assertThat(marker.n()).isEqualTo(number));
        assertThat(backlog.excepted()).extracting(Excepted::key).containsExactly(keys);
    }

    /** Uses up what may be applied at once; the key is disabled after it, and was a moment ago. */
    private void exhaust() {
        for (int edge = 1; edge <= EDGES_AT_ONCE; edge++) {
            deliver(KEY, edge % 2);
            takeAndRebind(KEY, edge % 2, false);
            takeMarkerExcepting();
        }
    }

    @Test
    void whatIsPacedCountsAsWaitingOnceAndItsMessageAsApplied() {
        exhaust();
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(0, 0, 0, 0));
        deliver(KEY, 1);
        clock.pass(REST);
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(1, 0, 0, 0));
        assertThat(backlog.outstanding().age()).isEqualTo(REST);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        clock.pass(REST);
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(0, 1, 0, 0));
        assertThat(backlog.outstanding().age()).isZero();
        // Queued again, and still put aside.
        deliver(KEY, 2);
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(0, 1, 0, 0));
        clock.pass(INTERVAL);
        Backlog.Rebind rebind = takeRebind();
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(0, 1, 0, 0));
        assertThat(backlog.rebound(rebind).edge()).isTrue();
        assertThat(backlog.outstanding().keys()).isEqualTo(new Figures.Waiting(0, 0, 0, 0));
        assertThat(backlog.outstanding().age()).as("its message waits").isEqualTo(INTERVAL);
        assertThat(backlog.outstanding().newest()).isEqualTo(new Version(1, revision));
    }

    @Test
    void theEdgesOfAQuietKeyWaitForNothingAndTheNextForAnInterval() {
        exhaust();
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        assertThat(backlog.excepted().get(0).revision()).isEqualTo(revision);
        assertThat(backlog.excepted().get(0).reason()).contains("paced").contains(INTERVAL.toMillis() + " ms");
        clock.pass(NEARLY);
        deliver(OTHER, 0);
        takeAndRebind(OTHER, 0, false);
        takeMarkerExcepting(KEY);
        clock.pass(REST);

        Backlog.Rebound rebound = takeAndRebind(KEY, 1, false);
        assertThat(rebound.again())
                .as("announced again, as it is excepted no more")
                .isInstanceOfSatisfying(
                        Backlog.Marker.class, marker -> assertThat(marker.n()).isEqualTo(number));
        assertThat(backlog.excepted()).isEmpty();
    }

    @Test
    void theNewestStateWinsWhenAnEdgeIsDue() {
        exhaust();
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        deliver(KEY, 5);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        clock.pass(INTERVAL);
        takeAndRebind(KEY, 5, false);
        assertThat(backlog.excepted()).isEmpty();
    }

    @Test
    void aStateThatComesBackToTheAppliedSideIsAppliedAtOnceAndRebindsNothing() {
        exhaust();
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        deliver(KEY, 0);
        Backlog.Rebound rebound = takeAndRebind(KEY, 0, false);
        assertThat(rebound.change()).as("nothing to tell a listener").isNull();
        assertThat(rebound.again()).isNotNull();
        takeMarkerExcepting();
        clock.pass(INTERVAL);
        deliver(KEY, 1);
        takeAndRebind(KEY, 1, false);
        takeMarkerExcepting();
    }

    @Test
    void aChangeThatCrossesNoEdgeIsNeverPaced() {
        deliver(KEY, 1);
        takeAndRebind(KEY, 1, false);
        takeMarkerExcepting();
        for (int count = 2; count < 100; count++) {
            deliver(KEY, count);
            takeAndRebind(KEY, count, false);
            takeMarkerExcepting();
        }
    }

    @Test
    void aPacedKeyDelaysNeitherTheRebindNorTheAcknowledgementOfAnother() {
        exhaust();
        for (int flap = 1; flap <= 1_000; flap++) {
            deliver(KEY, flap % 2);
        }
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        deliver(OTHER, 1);
        takeAndRebind(OTHER, 1, false);
        takeMarkerExcepting(KEY);
    }

    @Test
    void goingStaleIsNotPaced() {
        exhaust();
        clock.pass(INTERVAL);
        deliver(KEY, 1);
        takeAndRebind(KEY, 1, false);
        takeMarkerExcepting();
        backlog.stale(1, any -> true);
        takeAndRebind(KEY, 1, true);

        // What lifts it is.
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        clock.pass(INTERVAL);
        takeAndRebind(KEY, 1, false);
    }

    @Test
    void anEnableThatSomebodyWaitsForIsNotPacedAndTheDisableAfterItIs() {
        exhaust();
        for (int turn = 1; turn <= 3; turn++) {
            assertThat(bring(1)).isNotDone();
            assertThat(takeAndRebind(KEY, 1, false).waiters()).hasSize(1);
            assertThat(bring(0)).isNotDone();
            takePaced(KEY);
            assertThat(bring(1)).isNotDone();
            Backlog.Rebound again = takeAndRebind(KEY, 1, false);
            assertThat(again.change()).as("it still was enabled").isNull();
            assertThat(again.waiters()).hasSize(2);
            assertThat(bring(0)).isNotDone();
            takePaced(KEY);
            clock.pass(INTERVAL);
            takeAndRebind(KEY, 0, false);
        }
    }

    private CompletableFuture<Integer> bring(int count) {
        CompletionStage<Integer> applied = backlog.bring(KEY, count, new Version(1, ++revision), 0);
        return applied.toCompletableFuture();
    }

    @Test
    void whoeverWaitsForTheVersionBeforeAPacedDisableIsToldAtOnceAfterTheDisableIsKnown() {
        exhaust();
        clock.pass(INTERVAL);
        deliver(KEY, 1);
        takeAndRebind(KEY, 1, false);
        takeMarkerExcepting();
        deliver(KEY, 0);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        CompletableFuture<Integer> waiting =
                backlog.bring(KEY, 1, new Version(1, revision - 1), 0).toCompletableFuture();
        assertThat(waiting).as("nobody has been told of the disable yet").isNotDone();
        assertThat(takePaced(KEY)).hasSize(1);
        clock.pass(INTERVAL);
        assertThat(takeAndRebind(KEY, 0, false).waiters()).isEmpty();
    }

    @Test
    void aGrantThatAPacedDisableHasOvertakenIsAskedForAnewAtOnce() {
        StaticKey key = newKey("overtaken");
        try (RebinderRig rig = new RebinderRig(backlog)) {
            enableAndExhaust(key, rig);
            rig.deliver(key.name(), 0, revision + 1);
            CompletableFuture<Integer> waiting =
                    backlog.bring(key.name(), 1, new Version(1, revision), 0).toCompletableFuture();
            assertThat(get(waiting)).isEqualTo(1);
            assertThat(rig.disabling).as("told before").contains(key.name());
            assertThat(key.isEnabled()).as("no time has passed").isTrue();
        }
    }

    @Test
    void whatIsAnnouncedAgainCompletesNoSnapshotAgain() {
        exhaust();
        revision++;
        KeyState state = new KeyState(KEY, 1, revision);
        backlog.deliver(
                NOBODY, new PodMessage.Snapshot(++number, new Version(1, revision), true, List.of(state)), any -> true);
        takePaced(KEY);
        Backlog.Marker first = (Backlog.Marker) Objects.requireNonNull(backlog.take());
        assertThat(first.snapshotComplete()).isTrue();
        clock.pass(INTERVAL);
        Backlog.Marker again =
                Objects.requireNonNull(takeAndRebind(KEY, 1, false).again());
        assertThat(again.n()).isEqualTo(first.n());
        assertThat(again.snapshotComplete()).isFalse();
    }

    @Test
    void moreKeysThanCanBeExceptedAreReboundRatherThanPacedSoThatSomethingCanBeSaid() {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i <= NodeMessages.MOST_EXCEPTED; i++) {
            keys.add(KEY + i);
        }
        for (int edge = 1; edge <= EDGES_AT_ONCE; edge++) {
            for (String key : keys) {
                deliver(key, edge % 2);
                takeAndRebind(key, edge % 2, false);
                takeMarkerExcepting();
            }
        }
        String last = keys.remove(NodeMessages.MOST_EXCEPTED);
        for (String key : keys) {
            deliver(key, 1);
            takePaced(key);
            assertThat(backlog.take()).isInstanceOf(Backlog.Marker.class);
        }
        deliver(last, 1);
        takeAndRebind(last, 1, false);
        takeMarkerExcepting(keys.toArray(new String[0]));

        // One that waits already goes on waiting.
        deliver(keys.get(0), 2);
        takePaced(keys.get(0));
    }

    @Test
    void aRebindOfWhichNobodySaysWhatCameOfItIsExceptedAndTriedAgain() {
        deliver(KEY, 1);
        takeRebind();
        takeMarkerExcepting(KEY);
        assertThat(backlog.excepted().get(0).reason()).contains("bug");
        clock.pass(INTERVAL);
        assertThat(takeAndRebind(KEY, 1, false).again()).isNotNull();
        assertThat(backlog.excepted()).isEmpty();
    }

    /** On a node: neither succeeds nor fails, since what is asked of a failure throws too. */
    @Test
    void anErrorInTheMidstOfARebindIsNotTakenForItsSuccess() {
        StaticKey key = newKey("error");
        AtomicBoolean broken = new AtomicBoolean();
        AtomicInteger errors = new AtomicInteger();
        var unused = start(options -> options, new MirrorOfAYoungJvm() {
            @Override
            public boolean apply(String name, int count, long epoch, long at) {
                if (broken.get() && name.equals(key.name())) {
                    throw new IllegalStateException("for a reason that is asked for");
                }
                return super.apply(name, count, epoch, at);
            }

            @Override
            public boolean isLocal(String name) {
                if (broken.get() && name.equals(key.name())) {
                    errors.incrementAndGet();
                    throw new OutOfMemoryError("of the test");
                }
                return super.isLocal(name);
            }
        });
        eventually(() -> !fake.sessions.isEmpty());
        eventuallyApplied();
        broken.set(true);
        fake.set(key.name(), 1);
        eventually(() -> fake.session().applied() >= fake.session().number());
        eventually(() -> errors.get() >= 2);
        assertThat(Json.write(fake.session().lastApplied()))
                .as("tried again, and excepted meanwhile")
                .contains("\"key\":\"" + key.name() + "\"");
        assertThat(key.isEnabled()).isFalse();
        broken.set(false);
        eventually(key::isEnabled);
        eventuallyApplied();
    }

    @Test
    void anAnnouncementThatLiftsAnExceptionIsNotReplacedByOneThatExceptsTheKeyAgain() {
        Announcements announcements = new Announcements();
        announcements.add(1, excepting(KEY));
        announcements.add(1, excepting());
        announcements.add(2, excepting(KEY));
        assertNext(announcements, 1);
        assertNext(announcements, 2, KEY);
        assertThat(announcements.poll()).isNull();
    }

    @Test
    void anAnnouncementThatSaysAllThatAnOlderOneDoesReplacesIt() {
        Announcements announcements = new Announcements();
        announcements.add(1, excepting(KEY, OTHER));
        announcements.add(2, excepting(KEY));
        announcements.add(3, excepting(KEY));
        announcements.add(3, excepting());
        assertNext(announcements, 3);
        assertThat(announcements.poll()).isNull();
    }

    @Test
    void twoKeysThatFlapKeepNoMoreThanTwoAnnouncementsWhichLiftBothExceptions() {
        Announcements announcements = new Announcements();
        for (int n = 1; n <= 1_000; n++) {
            announcements.add(n, excepting(n % 2 == 0 ? KEY : OTHER));
        }
        assertNext(announcements, 1);
        assertNext(announcements, 1_000, KEY);
        assertThat(announcements.poll()).isNull();
    }

    private static List<Excepted> excepting(String... keys) {
        return Stream.of(keys).map(key -> new Excepted(key, 1, "paced")).toList();
    }

    private static void assertNext(Announcements announcements, long n, String... except) {
        Announcements.Announcement next = Objects.requireNonNull(announcements.poll());
        assertThat(next.n()).isEqualTo(n);
        assertThat(next.except()).extracting(Excepted::key).containsExactly(except);
    }

    @Test
    void aRebindThatFailsIsPacedToo() {
        for (int attempt = 1; attempt <= EDGES_AT_ONCE; attempt++) {
            deliver(KEY, 1);
            assertThat(backlog.failed(takeRebind(), "not yet").waiters()).isEmpty();
            takeMarkerExcepting(KEY);
        }
        deliver(KEY, 2);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        assertThat(backlog.excepted().get(0).reason()).isEqualTo("not yet");
        assertThat(backlog.failingKeys()).isEqualTo(1);
        clock.pass(INTERVAL);
        takeAndRebind(KEY, 2, false);
        assertThat(backlog.excepted()).isEmpty();
        assertThat(backlog.failingKeys()).isZero();
    }

    @Test
    void whatIsPacedWhenTheNodeStopsIsStillApplied() {
        exhaust();
        deliver(KEY, 1);
        takePaced(KEY);
        takeMarkerExcepting(KEY);
        backlog.stop();
        takeAndRebind(KEY, 1, false);
        assertThat(backlog.take()).isNull();
    }

    @Test
    void noEdgeWaitsForLongerThanAnInterval() {
        Pace pace = new Pace(0);
        long now = 0;
        for (int edge = 1; edge <= 100; edge++) {
            pace.edge(now); // whether it may or not
            assertThat(pace.waitNanos(now)).isBetween(0L, INTERVAL.toNanos());
        }
        now += INTERVAL.toNanos() * EDGES_AT_ONCE;
        for (int edge = 1; edge <= EDGES_AT_ONCE; edge++) {
            assertThat(pace.waitNanos(now))
                    .as("wait of edge %s after a rest", edge)
                    .isZero();
            pace.edge(now);
        }
        assertThat(pace.waitNanos(now)).isEqualTo(INTERVAL.toNanos());
    }

    /** With the rebinder's thread and static keys: as long as no time passes, the other's change is all that is applied. */
    @Test
    void theRebinderGoesOnWithOtherKeysWhileOneIsPaced() {
        StaticKey flapping = newKey("flapping");
        StaticKey other = newKey("other");
        try (RebinderRig rig = new RebinderRig(backlog)) {
            for (int edge = 1; edge <= EDGES_AT_ONCE; edge++) {
                int count = edge % 2;
                rig.deliver(flapping.name(), count, ++revision);
                eventually(() -> flapping.count() == count);
            }
            for (int flap = 1; flap < 1_000; flap++) {
                rig.deliver(flapping.name(), flap % 2, ++revision);
            }
            rig.deliver(other.name(), 1, ++revision);
            eventually(other::isEnabled);
            eventually(() -> backlog.excepted().size() == 1);
            assertThat(flapping.isEnabled()).as("no time has passed").isFalse();
            clock.pass(INTERVAL);
            eventually(flapping::isEnabled);
        }
    }

    /** On a node, by the JDK's clock. */
    @Test
    void aKeyFlappedAThousandTimesIsReboundSeldomAndEndsInItsLastState() {
        StaticKey key = newKey("flapping");
        StaticKey other = newKey("other");
        AtomicInteger enables = new AtomicInteger();
        key.beforeEnable(enables::incrementAndGet);
        ready();
        long begun = System.nanoTime();
        for (int flap = 1; flap <= 1_000; flap++) {
            fake.set(key.name(), flap % 2);
        }
        fake.set(key.name(), 1);
        fake.set(other.name(), 1);
        eventuallyApplied();
        long intervals = (System.nanoTime() - begun) / INTERVAL.toNanos();
        assertThat(key.isEnabled()).as("after the last change").isTrue();
        assertThat(other.isEnabled()).isTrue();
        assertThat(enables.get())
                .as("enables in %s intervals, each after a disable but the first", intervals)
                .isLessThanOrEqualTo((int) (EDGES_AT_ONCE + intervals + 1) / 2);
    }

    /** A key that is disabled has no holds, so the service has ended this node's: nobody may be told that it lives. */
    @Test
    void aHoldThatTheServiceHasEndedIsOverWhenItsDisableIsKnownThoughThatIsPaced() {
        StaticKey key = newKey("ended");
        try (RebinderRig rig = new RebinderRig(backlog)) {
            enableAndExhaust(key, rig);
            rig.deliver(key.name(), 0, ++revision);
            eventually(() -> rig.disabling.contains(key.name()));
            assertThat(key.isEnabled()).as("no time has passed").isTrue();
        }
    }

    /** Edges of the key until the next has to wait; the last of them enables it. */
    private void enableAndExhaust(StaticKey key, RebinderRig rig) {
        for (int edge = 1; edge <= EDGES_AT_ONCE + 1; edge++) {
            int count = edge % 2;
            clock.pass(INTERVAL.dividedBy(EDGES_AT_ONCE));
            rig.deliver(key.name(), count, ++revision);
            eventually(() -> key.count() == count);
        }
        rig.disabling.clear();
    }
}
