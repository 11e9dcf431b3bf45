package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One random history of deliveries and takes, held against what a backlog promises. */
final class BacklogCheck {

    private static final int STEPS = 200;
    private static final List<String> KEYS = List.of("a", "b", "c");

    /** What a backlog does, ours or a flawed one. */
    interface Subject {
        void deliver(PodMessage.Numbered message);

        Backlog.@Nullable Work take();

        void rebound(Backlog.Rebind done);
    }

    private final Random random;
    private final List<PodMessage.Numbered> delivered = new ArrayList<>();
    private final Map<String, Version> applied = new HashMap<>();
    private final Map<String, Version> newest = new HashMap<>();
    private long marked;
    private long revision;

    BacklogCheck(long seed) {
        random = new Random(seed);
    }

    void run(Subject subject) {
        for (int step = 0; step < STEPS; step++) {
            deliverSome(subject);
            if (marked < delivered.size()) {
                takeOne(subject);
            }
        }
        for (int step = 0; marked < delivered.size(); step++) {
            assertThat(step).as("takes until all is applied").isLessThan(2 * STEPS);
            takeOne(subject);
        }
        assertThat(applied).as("the newest state of each key is applied").isEqualTo(newest);
    }

    private void deliverSome(Subject subject) {
        while (random.nextInt(3) == 0) {
            List<KeyState> states = new ArrayList<>();
            for (String key : KEYS) {
                if (random.nextInt(3) == 0) {
                    // Now and then an older state, as of an answer that the stream has overtaken.
                    long at = random.nextInt(5) == 0 ? Math.max(1, revision - 2) : ++revision;
                    states.add(new KeyState(key, (int) (at % 2), at));
                    newest.merge(key, new Version(1, at), (old, state) -> state.isAfter(old) ? state : old);
                }
            }
            var message = new PodMessage.Change(delivered.size() + 1, new Version(1, revision), states);
            delivered.add(message);
            subject.deliver(message);
        }
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
            subject.rebound(rebind);
        } else if (work instanceof Backlog.Marker marker) {
            assertThat(marker.n()).as("numbers grow").isGreaterThan(marked);
            marked = marker.n();
            for (PodMessage.Numbered message : delivered.subList(0, (int) marked)) {
                for (KeyState state : message.keys()) {
                    Version wanted = new Version(1, state.revision());
                    assertThat(wanted.isAfter(applied.getOrDefault(state.key(), Version.NONE)))
                            .as("%s is said to be applied, but %s is not at %s", marked, state.key(), wanted)
                            .isFalse();
                }
            }
        }
    }
}
