package dev.patchkey.client;

import dev.patchkey.client.protocol.PodMessage;
import org.jspecify.annotations.Nullable;

/** The backlog as it is. */
final class OurBacklog implements BacklogCheck.Subject {

    private static final Backlog.Deliverer NOBODY = (marker, except) -> {};

    private final Backlog backlog = new Backlog();

    @Override
    public void deliver(PodMessage.Numbered message) {
        backlog.deliver(NOBODY, message, key -> true);
    }

    @Override
    public Backlog.@Nullable Work take() {
        return backlog.take();
    }

    @Override
    public void rebound(Backlog.Rebind done) {
        var unused = backlog.rebound(done);
    }
}
