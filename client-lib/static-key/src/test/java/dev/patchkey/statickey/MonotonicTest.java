package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.mirror.MirroredState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N3",
        text =
                "Monotonic: a node never applies an older version over a newer one; going stale is an overlay that leaves"
                        + " the version alone and lifts on the same version or a newer one")
class MonotonicTest {

    @Test
    void anOlderVersionIsNeverAppliedOverANewer() {
        Check.holds(MonotonicTest::olderIsRefused);
    }

    @Test
    void theCheckerCatchesLastWriteWins() {
        Check.catches(MonotonicTest::olderIsRefused, Broken.LastWriteWins::new, "an older revision");
        Check.catches(MonotonicTest::anyOrder, Broken.LastWriteWins::new, "after version");
    }

    @Test
    void aNewerEpochReplacesAllAndAnOlderNothing() {
        Check.holds(MonotonicTest::epochsComeFirst);
    }

    @Test
    void theCheckerCatchesRevisionsComparedAcrossEpochs() {
        Check.catches(MonotonicTest::epochsComeFirst, Broken.IgnoresEpoch::new, "a newer epoch");
    }

    @Test
    void staleIsAnOverlay() {
        Check.holds(MonotonicTest::staleOverlays);
    }

    @Test
    void theCheckerCatchesStalenessLiftedByAnOlderVersion() {
        Check.catches(MonotonicTest::staleOverlays, Broken.LiftsOnAnything::new, "an older version over a stale key");
    }

    @Test
    void theCheckerCatchesStalenessThatForgetsTheVersion() {
        Check.catches(MonotonicTest::staleOverlays, Broken.StaleForgets::new, "gone stale");
    }

    @Test
    void versionsInAnyOrderFromManyThreadsEndAtTheNewest() {
        Check.holds(MonotonicTest::anyOrder);
    }

    private static void olderIsRefused(Subject.Factory subject) {
        Subject key = subject.create(new ModelSite()::create, 0);
        assertThat(key.apply(2, 1, 5)).isTrue();
        assertThat(key.apply(0, 1, 4)).as("an older revision is applied").isFalse();
        assertThat(key.state()).as("an older revision").isEqualTo(MirroredState.applied(2, 1, 5));
        assertThat(key.apply(7, 1, 5)).as("the same revision is applied").isFalse();
        assertThat(key.count()).isEqualTo(2);
        assertThat(key.apply(0, 1, 6)).isTrue();
        assertThat(key.apply(1, 1, 5)).as("an older revision is applied").isFalse();
        assertThat(key.agreed("an older revision over 0")).isFalse();
    }

    private static void epochsComeFirst(Subject.Factory subject) {
        Subject key = subject.create(new ModelSite()::create, 0);
        key.apply(2, 1, 100);
        assertThat(key.apply(0, 2, 1)).as("a newer epoch is applied").isTrue();
        assertThat(key.state()).as("a newer epoch").isEqualTo(MirroredState.applied(0, 2, 1));
        assertThat(key.apply(9, 1, 200)).as("an older epoch is applied").isFalse();
        assertThat(key.agreed("an older epoch")).isFalse();
    }

    private static void staleOverlays(Subject.Factory subject) {
        Subject key = subject.create(new ModelSite()::create, 0);
        key.apply(2, 1, 5);

        key.stale();
        assertThat(key.agreed("gone stale")).as("gone stale").isFalse();
        assertThat(key.state()).as("gone stale").isEqualTo(new MirroredState(2, 1, 5, true));

        assertThat(key.apply(1, 1, 4)).isFalse();
        assertThat(key.agreed("an older version over a stale key"))
                .as("an older version over a stale key")
                .isFalse();

        key.apply(2, 1, 5);
        assertThat(key.agreed("lifted by the same version")).isTrue();
        assertThat(key.state()).isEqualTo(MirroredState.applied(2, 1, 5));

        key.stale();
        assertThat(key.apply(3, 1, 6)).isTrue();
        assertThat(key.count()).as("lifted by a newer version").isEqualTo(3);

        key.stale();
        assertThat(key.apply(0, 1, 7)).isTrue();
        assertThat(key.agreed("lifted by a newer version that disables")).isFalse();
        assertThat(key.state()).isEqualTo(MirroredState.applied(0, 1, 7));
    }

    /** Four threads apply 400 versions, each in its own order, while the state only ever goes forward. */
    private static void anyOrder(Subject.Factory subject) {
        Subject key = subject.create(new ModelSite()::create, 0);
        List<Actor> actors = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            List<Integer> revisions =
                    new ArrayList<>(IntStream.rangeClosed(1, 400).boxed().toList());
            Collections.shuffle(revisions, new Random(thread));
            actors.add(Actor.start("applier " + thread, () -> {
                long last = 0;
                for (int revision : revisions) {
                    key.apply(revision % 3, 1, revision);
                    MirroredState state = key.mirrored();
                    assertThat(state.revision())
                            .as("the version after version %s was applied and %s seen", revision, last)
                            .isGreaterThanOrEqualTo(Math.max(last, revision));
                    last = state.revision();
                }
            }));
        }
        actors.forEach(Actor::finish);
        assertThat(key.state()).isEqualTo(MirroredState.applied(400 % 3, 1, 400));
        assertThat(key.agreed("after all versions")).isTrue();
    }
}
