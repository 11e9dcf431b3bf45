package dev.patchkey.service.store;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A pod that has no others to ask. */
public record LonePod(String name) implements PodPeers {

    @Override
    public String id() {
        return name;
    }

    @Override
    public String cluster() {
        return "";
    }

    @Override
    public Answers ask(byte[] question, Set<String> pods, Duration timeout) {
        return new Answers(Map.of(), Set.of());
    }

    @Override
    public void serve(UnaryOperator<byte[]> answer) {
        // Nobody asks.
    }
}
