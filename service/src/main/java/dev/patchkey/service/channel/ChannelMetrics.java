package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.FeedMessage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

/** Counts what the channel does. */
final class ChannelMetrics {

    private final Counter snapshots;
    private final Counter changes;
    private final Counter lost;
    private final Counter begun;
    private final Counter resumed;
    private final Map<CloseCode, Counter> closes = new EnumMap<>(CloseCode.class);

    ChannelMetrics(MeterRegistry registry) {
        snapshots = messages(registry, "snapshot");
        changes = messages(registry, "change");
        for (CloseCode code : CloseCode.values()) {
            closes.put(code, closes(registry, code.problem));
        }
        lost = closes(registry, "lost");
        begun = connects(registry, "new");
        resumed = connects(registry, "resumed");
    }

    private static Counter connects(MeterRegistry registry, String kind) {
        return Counter.builder("patchkey.channel.connects")
                .description("Hellos that were granted. new: the first of a node's life; resumed: a later one")
                .tag("kind", kind)
                .register(registry);
    }

    private static Counter closes(MeterRegistry registry, String reason) {
        return Counter.builder("patchkey.channel.closes")
                .description("Connections that ended, by the pod's reason; lost: without one")
                .tag("reason", reason)
                .register(registry);
    }

    private static Counter messages(MeterRegistry registry, String type) {
        return Counter.builder("patchkey.channel.messages")
                .description("Numbered messages written to nodes")
                .tag("type", type)
                .register(registry);
    }

    /**
     * A hello is granted.
     *
     * @param isFirst whether it is the first of this life of the node
     */
    void connected(boolean isFirst) {
        (isFirst ? begun : resumed).increment();
    }

    void sent(FeedMessage message) {
        switch (message) {
            case FeedMessage.SnapshotPart part -> snapshots.increment();
            case FeedMessage.Change change -> changes.increment();
        }
    }

    /** The node, or the network, has ended a connection. */
    void lost() {
        lost.increment();
    }

    void closed(CloseCode code) {
        Counter counter = closes.get(code);
        if (counter != null) {
            counter.increment();
        }
    }
}
