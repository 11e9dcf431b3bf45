package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What one pod asks another. Exactly one field is not null. Travels as JSON, so that pods of two releases understand each
 * other as far as they share fields.
 */
record PodQuestion(
        @Nullable Await await,
        @Nullable Describe describe,
        @Nullable Incarnations incarnations,
        @Nullable Moved moved) {

    /** Wait until this version of the key is reached: answered by {@link PodProgress}. */
    record Await(String key, long epoch, long revision, long timeoutMillis) {
        KeyName keyName() {
            return new KeyName(key);
        }

        Version version() {
            return new Version(epoch, revision);
        }

        Duration timeout() {
            return Duration.ofMillis(timeoutMillis);
        }
    }

    /** Describe one live node, or, for null, all: answered by {@link Described}. */
    record Describe(@Nullable String node) {}

    /** Which incarnations are live: answered by {@link Live}. */
    record Incarnations() {}

    /** The node has said hello to the pod that asks: answered by {@link Live}, without names. */
    record Moved(String node, long incarnation, String session) {}

    /** Nodes of one pod. */
    record Described(List<Nodes.Node> nodes) {}

    /** The live nodes of one pod, each with its incarnation. */
    record Live(Map<String, Long> incarnations) {}

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    static PodQuestion await(KeyName key, Version version, Duration timeout) {
        return new PodQuestion(
                new Await(key.value(), version.epoch(), version.revision(), timeout.toMillis()), null, null, null);
    }

    static PodQuestion describe(@Nullable String node) {
        return new PodQuestion(null, new Describe(node), null, null);
    }

    static PodQuestion liveIncarnations() {
        return new PodQuestion(null, null, new Incarnations(), null);
    }

    static PodQuestion moved(NodeHello hello) {
        return new PodQuestion(null, null, null, new Moved(hello.node(), hello.incarnation(), hello.session()));
    }

    static byte[] write(Object message) {
        return JSON.writeValueAsBytes(message);
    }

    static <T> T read(byte[] message, Class<T> type) {
        return JSON.readValue(message, type);
    }
}
