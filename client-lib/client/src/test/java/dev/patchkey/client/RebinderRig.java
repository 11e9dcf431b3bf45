package dev.patchkey.client;

import dev.patchkey.client.protocol.KeyState;
import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.Version;
import dev.patchkey.statickey.mirror.Mirror;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A backlog and its rebinder without a network: the test is the channel. */
final class RebinderRig implements AutoCloseable, Rebinder.Events {

    /** The keys whose holds were said to be over. */
    final List<String> disabling = new CopyOnWriteArrayList<>();

    private final Mirror mirror = Mirror.attach();
    private final Backlog backlog;
    private final Rebinder rebinder;
    private long number;

    RebinderRig(Backlog backlog) {
        this.backlog = backlog;
        rebinder = new Rebinder(mirror, backlog, this, Quiet.LOGGER);
        rebinder.start();
    }

    void deliver(String key, int count, long revision) {
        backlog.deliver(
                (marker, except) -> {},
                new PodMessage.Change(++number, new Version(1, revision), List.of(new KeyState(key, count, revision))),
                any -> true);
    }

    @Override
    public void applied(Backlog.Marker marker, List<Excepted> except) {}

    @Override
    public void disabling(String key, Version version, boolean stale) {
        disabling.add(key);
    }

    @Override
    public void changed(KeyChange change) {}

    @Override
    public void rebound(KeyRebind rebind) {}

    @Override
    public void failed(String key, String reason, Duration retryIn) {}

    @Override
    public void refused(String key, String reason) {}

    @Override
    public void close() {
        rebinder.stop(Duration.ofSeconds(5));
        mirror.close();
    }
}
