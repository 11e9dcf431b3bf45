package dev.patchkey.service.channel;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.propagation.FeedMessage;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeHolds.Reacquired;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes what a pod says, as UTF-8. The frequent messages are put together by hand: they hold numbers, and keys, whose
 * grammar needs no escaping.
 */
final class PodMessages {

    /** About as much as one key takes in a message. */
    private static final int KEY_CHARACTERS = 64;

    private static final int OTHER_CHARACTERS = 96;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PodMessages() {}

    static byte[] welcome(
            String session,
            long incarnation,
            Duration lease,
            Duration heartbeat,
            String pod,
            long epoch,
            List<Reacquired> held) {
        ObjectNode welcome = JSON.createObjectNode()
                .put("type", "welcome")
                .put("protocol", NodeMessageReader.PROTOCOL)
                .put("session", session)
                .put("incarnationNumber", incarnation)
                .put("leaseMillis", lease.toMillis())
                .put("heartbeatMillis", heartbeat.toMillis())
                .put("pod", pod)
                .put("epoch", epoch);
        var keys = welcome.putArray("held");
        for (Reacquired each : held) {
            keys.addObject()
                    .put("key", each.key().value())
                    .put("count", each.done().count())
                    .put("revision", each.done().version().revision());
        }
        return JSON.writeValueAsBytes(welcome);
    }

    static byte[] error(CloseCode code, String detail) {
        return JSON.writeValueAsBytes(JSON.createObjectNode()
                .put("type", "error")
                .put("code", code.code)
                .put("problem", code.problem)
                .put("detail", detail));
    }

    /** The body of an answer over HTTP, where a connection was not made at all. */
    static byte[] problem(ProblemType type, String detail) {
        return JSON.writeValueAsBytes(JSON.createObjectNode()
                .put("type", type.uri().toString())
                .put("title", type.title())
                .put("status", type.status().value())
                .put("detail", detail));
    }

    static byte[] behind(Version version) {
        return JSON.writeValueAsBytes(JSON.createObjectNode()
                .put("type", "behind")
                .put("epoch", version.epoch())
                .put("revision", version.revision()));
    }

    static byte[] heartbeat(LiveNodes.Heartbeat heartbeat) {
        StringBuilder json = new StringBuilder(OTHER_CHARACTERS);
        begin(json, "heartbeat", heartbeat.n(), heartbeat.version());
        return utf8(json.append(",\"seq\":").append(heartbeat.seq()).append('}'));
    }

    static byte[] feed(FeedMessage message) {
        StringBuilder json =
                new StringBuilder(OTHER_CHARACTERS + message.entries().size() * KEY_CHARACTERS);
        switch (message) {
            case FeedMessage.SnapshotPart part -> {
                begin(json, "snapshot", part.n(), part.version());
                json.append(",\"last\":").append(part.last());
            }
            case FeedMessage.Change change -> begin(json, "change", change.n(), change.version());
        }
        json.append(",\"keys\":[");
        String separator = "";
        for (View.Entry entry : message.entries()) {
            json.append(separator);
            key(json, entry.key(), entry.count(), entry.version().revision());
            separator = ",";
        }
        return utf8(json.append("]}"));
    }

    private static void begin(StringBuilder json, String type, long n, Version version) {
        json.append("{\"type\":\"").append(type).append("\",\"n\":").append(n);
        json.append(",\"epoch\":").append(version.epoch());
        json.append(",\"revision\":").append(version.revision());
    }

    private static void key(StringBuilder json, KeyName key, int count, long revision) {
        json.append("{\"key\":\"").append(key.value()).append("\",\"count\":").append(count);
        json.append(",\"revision\":").append(revision).append('}');
    }

    private static byte[] utf8(StringBuilder json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
