package dev.patchkey.client;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
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
        LAST_WINS
    }

    private static final Backlog.Deliverer NOBODY = (marker, except) -> {};

    private final @Nullable Flaw flaw;
    private final Map<String, Slot> slots = new HashMap<>();
    private ArrayDeque<Object> queue = new ArrayDeque<>();

    FlawedBacklog(@Nullable Flaw flaw) {
        this.flaw = flaw;
    }

    @Override
    public void deliver(PodMessage.Numbered message) {
        Backlog.Marker marker = new Backlog.Marker(NOBODY, message.n(), message.version(), false);
        if (flaw == Flaw.MARKS_FIRST) {
            queue.addLast(marker);
        }
        for (KeyState state : message.keys()) {
            Slot slot = slots.computeIfAbsent(state.key(), FlawedBacklog::slot);
            Version version = new Version(1, state.revision());
            if (flaw == Flaw.LAST_WINS || !slot.version.isAfter(version)) {
                slot.count = state.count();
                slot.version = version;
                if (!slot.queued) {
                    slot.queued = true;
                    queue.addLast(slot);
                }
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

    private static Slot slot(String key) {
        return new Slot(
                key,
                new Backoff(
                        java.time.Duration.ZERO,
                        java.time.Duration.ZERO,
                        () -> ThreadLocalRandom.current().nextDouble()));
    }

    @Override
    public Backlog.@Nullable Work take() {
        Object first = queue.poll();
        if (first instanceof Slot slot) {
            slot.queued = flaw == Flaw.FORGETS_WHAT_COMES_MEANWHILE;
            return new Backlog.Rebind(slot, slot.count, slot.version, false);
        }
        return (Backlog.Marker) first;
    }

    @Override
    public void rebound(Backlog.Rebind done) {
        done.slot().queued &= flaw != Flaw.FORGETS_WHAT_COMES_MEANWHILE;
    }
}
