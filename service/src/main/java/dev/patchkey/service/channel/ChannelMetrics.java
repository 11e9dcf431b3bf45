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
    private final Map<CloseCode, Counter> closes = new EnumMap<>(CloseCode.class);

    ChannelMetrics(MeterRegistry registry) {
        snapshots = messages(registry, "snapshot");
        changes = messages(registry, "change");
        for (CloseCode code : CloseCode.values()) {
            closes.put(
                    code,
                    Counter.builder("patchkey.channel.closes")
                            .description("Connections that this pod closed, by reason")
                            .tag("reason", code.problem)
                            .register(registry));
        }
    }

    private static Counter messages(MeterRegistry registry, String type) {
        return Counter.builder("patchkey.channel.messages")
                .description("Numbered messages written to nodes")
                .tag("type", type)
                .register(registry);
    }

    void sent(FeedMessage message) {
        switch (message) {
            case FeedMessage.SnapshotPart part -> snapshots.increment();
            case FeedMessage.Change change -> changes.increment();
        }
    }

    void closed(CloseCode code) {
        Counter counter = closes.get(code);
        if (counter != null) {
            counter.increment();
        }
    }
}
