package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One random history of deliveries and takes, held against what a backlog promises. */
final class BacklogCheck {

    private static final int STEPS = 200;

    /** More takes than there can be work for at one moment: a slot and a marker for each key, and what is paced. */
    private static final int MANY_TAKES = 3 * STEPS;

    private static final List<String> KEYS = List.of("a", "b", "c");

    /** What a backlog does, ours or a flawed one. */
    interface Subject {
        void deliver(PodMessage.Numbered message);

        /** Called when there is work, or something is paced and due. */
        Backlog.@Nullable Work take();

        /** Says what is to be announced again. */
        Backlog.@Nullable Marker rebound(Backlog.Rebind done);

        Set<String> excepted();

        /** Lets time pass. */
        void pass(Duration time);
    }

    private final Random random;
    private final List<PodMessage.Numbered> delivered = new ArrayList<>();
    private final Map<String, Version> applied = new HashMap<>();
    private final Map<String, Version> newest = new HashMap<>();
    private final Map<String, List<Duration>> edges = new HashMap<>();
    private Duration now = Duration.ZERO;
    private Set<String> announcedExcept = Set.of();
    private final Map<String, KeyState> states = new HashMap<>();
    private boolean delivers = true;
    private long marked;
    private long revision;

    BacklogCheck(long seed) {
        random = new Random(seed);
    }

    void run(Subject subject) {
        for (int step = 0; step < STEPS; step++) {
            deliverSome(subject);
            if (random.nextInt(30) == 0) {
                pass(subject, Pace.INTERVAL.dividedBy(1 + random.nextInt(4)));
            }
            if (marked < delivered.size()) {
                takeOne(subject);
            }
        }
        for (int step = 0; marked < delivered.size(); step++) {
            assertThat(step)
                    .as("takes until all is announced, without time passing")
                    .isLessThan(MANY_TAKES);
            takeOne(subject);
        }
        delivers = false;
        for (int step = 0; !applied.equals(newest); step++) {
            assertThat(step)
                    .as("intervals until the newest state of each key is applied: %s of %s", applied, newest)
                    .isLessThan(KEYS.size());
            pass(subject, Pace.INTERVAL);
            takeOne(subject);
        }
        assertThat(announcedExcept).as("excepted at last").isEmpty();
        edges.forEach(BacklogCheck::requirePaced);
    }

    private void pass(Subject subject, Duration time) {
        now = now.plus(time);
        subject.pass(time);
    }

    /** Of a bucket of tokens: so many at once, and then one in an interval. */
    private static void requirePaced(String key, List<Duration> times) {
        for (int first = 0; first < times.size(); first++) {
            for (int last = first; last < times.size(); last++) {
                long intervals = times.get(last).minus(times.get(first)).dividedBy(Pace.INTERVAL);
                assertThat(last - first + 1L)
                        .as("edges of %s in %d intervals", key, intervals)
                        .isLessThanOrEqualTo(Pace.EDGES_AT_ONCE + intervals);
            }
        }
    }

    private void deliverSome(Subject subject) {
        while (delivers && random.nextInt(3) == 0) {
            if (random.nextInt(4) == 0) {
                // Of a session that begins; all that there is, and so nothing new.
                deliver(
                        subject,
                        new PodMessage.Snapshot(
                                delivered.size() + 1L, new Version(1, revision), true, List.copyOf(states.values())));
                continue;
            }
            List<KeyState> changes = new ArrayList<>();
            for (String key : KEYS) {
                if (random.nextInt(3) == 0) {
                    // Now and then an older state, as of an answer that the stream has overtaken.
                    long at = random.nextInt(5) == 0 ? Math.max(1, revision - 2) : ++revision;
                    KeyState change = new KeyState(key, (int) (at % 2), at);
                    changes.add(change);
                    states.merge(key, change, (old, state) -> state.revision() > old.revision() ? state : old);
                    newest.merge(key, new Version(1, at), (old, state) -> state.isAfter(old) ? state : old);
                }
            }
            deliver(subject, new PodMessage.Change(delivered.size() + 1L, new Version(1, revision), changes));
        }
    }

    private void deliver(Subject subject, PodMessage.Numbered message) {
        delivered.add(message);
        subject.deliver(message);
    }

    private void takeOne(Subject subject) {
        Backlog.Work work = subject.take();
        if (work instanceof Backlog.Rebind rebind) {
            // While it is being applied, more may arrive.
            deliverSome(subject);
            Version old = applied.getOrDefault(rebind.slot().key, Version.NONE);
            assertThat(old.isAfter(rebind.version()))
                    .as("%s goes back from %s to %s", rebind.slot().key, old, rebind.version())
                    .isFalse();
            applied.put(rebind.slot().key, rebind.version());
            if (isEnabled(old) != isEnabled(rebind.version())) {
                edges.computeIfAbsent(rebind.slot().key, key -> new ArrayList<>())
                        .add(now);
            }
            Backlog.Marker again = subject.rebound(rebind);
            if (again != null) {
                assertThat(again.n()).as("announced again").isEqualTo(marked);
                assertThat(again.snapshotComplete())
                        .as("%s completes a snapshot once more", marked)
                        .isFalse();
                announced(subject);
            }
        } else if (work instanceof Backlog.Marker marker) {
            assertThat(marker.n()).as("numbers grow").isGreaterThan(marked);
            assertThat(marker.snapshotComplete())
                    .as("%s, the first after %s, completes a snapshot", marker.n(), marked)
                    .isEqualTo(delivered.subList((int) marked, (int) marker.n()).stream()
                            .anyMatch(PodMessage.Snapshot.class::isInstance));
            marked = marker.n();
            announced(subject);
        }
    }

    /** That is how the states of a history are made. */
    private static boolean isEnabled(Version version) {
        return version.revision() % 2 == 1;
    }

    private void announced(Subject subject) {
        announcedExcept = subject.excepted();
        for (PodMessage.Numbered message : delivered.subList(0, (int) marked)) {
            for (KeyState state : message.keys()) {
                Version wanted = new Version(1, state.revision());
                if (!announcedExcept.contains(state.key())) {
                    assertThat(wanted.isAfter(applied.getOrDefault(state.key(), Version.NONE)))
                            .as("%s is said to be applied, but %s is not at %s", marked, state.key(), wanted)
                            .isFalse();
                }
            }
        }
        for (String key : announcedExcept) {
            assertThat(applied.getOrDefault(key, Version.NONE))
                    .as("%s is excepted, at its newest state", key)
                    .isNotEqualTo(newest.get(key));
        }
    }
}
