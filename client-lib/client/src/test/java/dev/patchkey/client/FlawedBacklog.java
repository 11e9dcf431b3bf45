package dev.patchkey.client;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A small model of the backlog with one thing wrong, or none. */
final class FlawedBacklog implements BacklogCheck.Subject {

    enum Flaw {
        /** Says that a message is applied as soon as it has arrived. */
        MARKS_FIRST,
        /** Takes a key that is being applied for one that is still to be. */
        FORGETS_WHAT_COMES_MEANWHILE,
        /** Conflates markers into the first instead of the last. */
        MARKS_EARLY,
        /** Takes what came last for what is newest. */
        LAST_WINS,
        /** Rebinds as often as it is told to. */
        PACES_NOTHING,
        /** Leaves out an edge that is paced, as the next one would undo it. */
        DROPS_THE_LAST,
        /** Says that a message is applied though a key of it is paced. */
        CLAIMS_WHAT_IS_PACED,
        /** Lets a key that is paced stay at the head of the queue. */
        DELAYS_OTHERS,
        /** Goes on to except a key that it has applied. */
        NEVER_LIFTS_THE_EXCEPTION,
        /** Lifts an exception and tells nobody. */
        NEVER_SAYS_SO,
        /** Says once more that a snapshot is complete when it lifts an exception. */
        COMPLETES_AGAIN
    }

    private static final Backlog.Deliverer NOBODY = (marker, except) -> {};

    private final @Nullable Flaw flaw;
    private final HandClock clock = new HandClock();
    private final Map<String, Slot> slots = new HashMap<>();
    private final Set<Slot> paced = new HashSet<>();
    private ArrayDeque<Object> queue = new ArrayDeque<>();
    private Backlog.@Nullable Marker announced;

    FlawedBacklog(@Nullable Flaw flaw) {
        this.flaw = flaw;
    }

    @Override
    public void deliver(PodMessage.Numbered message) {
        boolean complete = message instanceof PodMessage.Snapshot part && part.last();
        Backlog.Marker marker = new Backlog.Marker(NOBODY, message.n(), message.version(), complete, 0);
        if (flaw == Flaw.MARKS_FIRST) {
            queue.addLast(marker);
        }
        for (KeyState state : message.keys()) {
            Slot slot = slots.computeIfAbsent(state.key(), this::slot);
            Version version = new Version(1, state.revision());
            if (flaw == Flaw.LAST_WINS || !slot.version.isAfter(version)) {
                slot.count = state.count();
                slot.version = version;
                enqueue(slot);
            }
        }
        if (flaw == Flaw.MARKS_EARLY && queue.removeIf(Backlog.Marker.class::isInstance)) {
            ArrayDeque<Object> early = new ArrayDeque<>();
            early.add(marker);
            early.addAll(queue);
            queue = early;
        } else if (flaw != Flaw.MARKS_FIRST) {
            queue.addLast(marker);
        }
    }

    private Slot slot(String key) {
        return new Slot(
                key,
                new Backoff(
                        Duration.ZERO,
                        Duration.ZERO,
                        () -> ThreadLocalRandom.current().nextDouble()),
                new Pace(clock.getAsLong()));
    }

    private void enqueue(Slot slot) {
        if (!slot.queued) {
            slot.queued = true;
            queue.addLast(slot);
        }
    }

    @Override
    public Backlog.@Nullable Work take() {
        if (flaw != Flaw.DROPS_THE_LAST) {
            paced.stream()
                    .filter(slot -> slot.dueNanos - clock.getAsLong() <= 0)
                    .forEach(this::enqueue);
        }
        Object first = queue.poll();
        if (first instanceof Slot slot) {
            long wait = slot.isAtEdge() && flaw != Flaw.PACES_NOTHING ? slot.pace.waitNanos(clock.getAsLong()) : 0;
            if (wait > 0 && flaw == Flaw.DELAYS_OTHERS) {
                queue.addFirst(slot);
                return null;
            }
            slot.queued = wait == 0 && flaw == Flaw.FORGETS_WHAT_COMES_MEANWHILE;
            if (wait > 0) {
                slot.dueNanos = clock.getAsLong() + wait;
                paced.add(slot);
                return new Backlog.Paced(slot, slot.count, slot.version, List.of(), slot.appliedCount);
            }
            return new Backlog.Rebind(slot, slot.count, slot.version, false);
        }
        if (first instanceof Backlog.Marker marker) {
            boolean again = marker.snapshotComplete() && flaw == Flaw.COMPLETES_AGAIN;
            announced = new Backlog.Marker(marker.deliverer(), marker.n(), marker.version(), again, 0);
            return marker;
        }
        return null;
    }

    @Override
    public Backlog.@Nullable Marker rebound(Backlog.Rebind done) {
        Slot slot = done.slot();
        slot.queued &= flaw != Flaw.FORGETS_WHAT_COMES_MEANWHILE;
        if (slot.isEnabled() != done.enables()) {
            slot.pace.edge(clock.getAsLong());
        }
        slot.appliedCount = done.count();
        boolean lifted = flaw != Flaw.NEVER_LIFTS_THE_EXCEPTION && paced.remove(slot);
        return lifted && flaw != Flaw.NEVER_SAYS_SO ? announced : null;
    }

    @Override
    public Set<String> excepted() {
        return flaw == Flaw.CLAIMS_WHAT_IS_PACED
                ? Set.of()
                : paced.stream().map(slot -> slot.key).collect(Collectors.toSet());
    }

    @Override
    public void pass(Duration time) {
        clock.pass(time);
    }
}
