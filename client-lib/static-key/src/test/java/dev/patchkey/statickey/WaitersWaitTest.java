package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.ModelSite.Phase;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Invariant(
        number = "N2",
        text = "Waiters wait for the rebind, not for the number: an enable, acquire or mirror update that meets the"
                + " sentinel returns only after the rebinding has finished")
class WaitersWaitTest {

    /** What a second thread does while the rebind of a first is held at a step. */
    record Meeting(
            String name,
            Consumer<Subject> before,
            Consumer<Subject> first,
            Phase phase,
            MethodHandle target,
            Consumer<Subject> second) {

        @Override
        public String toString() {
            return name + ", rebinding to " + Witness.nameOf(target) + " " + phase;
        }
    }

    static final Meeting ENABLE_MEETS_ENABLE = new Meeting(
            "an enable meets an enable", key -> {}, Subject::increment, Phase.STORED, Targets.SLOW, Subject::increment);

    /** The answer to a request carries the revision that the stream is just applying. */
    static final Meeting ANSWER_MEETS_STREAM = new Meeting(
            "an apply of the same version meets the apply",
            key -> key.apply(0, 1, 1),
            key -> key.apply(1, 1, 2),
            Phase.STORED,
            Targets.SLOW,
            key -> key.apply(1, 1, 2));

    static final Meeting OLDER_MEETS_APPLY = new Meeting(
            "an apply of an older version meets an apply",
            key -> key.apply(0, 1, 1),
            key -> key.apply(1, 1, 3),
            Phase.STORED,
            Targets.ON,
            key -> key.apply(1, 1, 2));

    static Stream<Meeting> meetings() {
        return Stream.of(
                ENABLE_MEETS_ENABLE,
                new Meeting(
                        "an enable meets an enable",
                        key -> {},
                        Subject::increment,
                        Phase.BEGUN,
                        Targets.SLOW,
                        Subject::increment),
                new Meeting(
                        "an enable meets an enable",
                        key -> {},
                        Subject::increment,
                        Phase.FINISHED,
                        Targets.SLOW,
                        Subject::increment),
                new Meeting(
                        "an enable meets a disable",
                        Subject::increment,
                        Subject::decrement,
                        Phase.STORED,
                        Targets.OFF,
                        Subject::increment),
                ANSWER_MEETS_STREAM,
                new Meeting(
                        "an apply of the same version meets the apply",
                        key -> {},
                        key -> key.apply(1, 1, 2),
                        Phase.STORED,
                        Targets.ON,
                        key -> key.apply(1, 1, 2)),
                OLDER_MEETS_APPLY,
                new Meeting(
                        "a newer apply meets an apply",
                        key -> {},
                        key -> key.apply(1, 1, 2),
                        Phase.STORED,
                        Targets.SLOW,
                        key -> key.apply(5, 1, 3)),
                new Meeting(
                        "an apply meets a disabling apply",
                        key -> key.apply(1, 1, 1),
                        key -> key.apply(0, 1, 3),
                        Phase.STORED,
                        Targets.OFF,
                        key -> key.apply(0, 1, 2)),
                new Meeting(
                        "going stale meets going stale",
                        key -> key.apply(1, 1, 1),
                        Subject::stale,
                        Phase.STORED,
                        Targets.OFF,
                        Subject::stale));
    }

    @ParameterizedTest
    @MethodSource("meetings")
    void whoMeetsARebindReturnsAfterIt(Meeting meeting) {
        Check.holds(subject -> waits(subject, meeting));
    }

    @Test
    void theCheckerCatchesAnIncrementThatPublishesBeforeItRebinds() {
        catches(ENABLE_MEETS_ENABLE, Broken.PublishesFirst::new);
    }

    @Test
    void theCheckerCatchesAMirrorThatSaysWhatItAppliedBeforeItRebinds() {
        catches(ANSWER_MEETS_STREAM, Broken.AnnouncesFirst::new);
    }

    @Test
    void theCheckerCatchesAMirrorThatAnswersAnOldVersionAtOnce() {
        catches(OLDER_MEETS_APPLY, Broken.ReturnsEarlyIfNotNewer::new);
    }

    private static void catches(Meeting meeting, Subject.Factory broken) {
        Check.catches(subject -> waits(subject, meeting), broken, "the second thread returned");
    }

    private static void waits(Subject.Factory subject, Meeting meeting) {
        ModelSite site = new ModelSite();
        Subject key = subject.create(site::create, 0);
        meeting.before().accept(key);
        Gate gate = new Gate(meeting.phase(), meeting.target());
        site.listen(gate);
        Actor first = Actor.start("first", () -> meeting.first().accept(key));
        gate.awaitReached();

        AtomicBoolean agreed = new AtomicBoolean();
        Actor second = Actor.start("second", () -> {
            meeting.second().accept(key);
            agreed.set(key.isEnabled() == ModelSite.folded(key::isEnabled));
        });
        boolean early = second.endsWithoutWaiting();
        gate.open();
        first.finish();
        second.finish();

        assertThat(early)
                .as("%s: whether the second thread returned while the rebind was in progress", meeting)
                .isFalse();
        assertThat(agreed)
                .as("%s: whether folded code agreed when the second thread had returned", meeting)
                .isTrue();
    }
}
