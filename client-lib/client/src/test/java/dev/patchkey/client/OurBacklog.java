package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.PodMessage;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The backlog as it is. */
final class OurBacklog implements BacklogCheck.Subject {

    private static final Backlog.Deliverer NOBODY = (marker, except) -> {};

    private final HandClock clock = new HandClock();
    private final Backlog backlog = new Backlog(clock);

    @Override
    public void deliver(PodMessage.Numbered message) {
        backlog.deliver(NOBODY, message, key -> true);
    }

    @Override
    public Backlog.@Nullable Work take() {
        return backlog.take();
    }

    @Override
    public Backlog.@Nullable Marker rebound(Backlog.Rebind done) {
        return backlog.rebound(done).again();
    }

    @Override
    public Set<String> excepted() {
        return backlog.excepted().stream().map(Excepted::key).collect(Collectors.toSet());
    }

    @Override
    public void pass(Duration time) {
        clock.pass(time);
    }
}
