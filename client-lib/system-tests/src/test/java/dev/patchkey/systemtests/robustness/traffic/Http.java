package dev.patchkey.systemtests.robustness.traffic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.Version;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One attempt of one call, and what its answer means. */
public final class Http {

    /** In the test's network a connection takes microseconds, or nobody is there. */
    private static final Duration CONNECT = Duration.ofSeconds(1);

    /** Longer than a commit takes at a pod that still works; a caller that gives up has an outcome of unknown fate. */
    private static final Duration REQUEST = Duration.ofSeconds(6);

    private static final String PROBLEM = "urn:patchkey:problem:";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();

    /** The answer to any request. */
    public record Reply(int status, JsonNode body) {}

    /**
     * Sends one request.
     *
     * @throws IOException if there was no whole answer
     */
    public Reply send(URI pod, String method, String path, @Nullable String body, @Nullable String idempotencyKey)
            throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(pod.resolve(path))
                .timeout(REQUEST)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (idempotencyKey != null) {
            request.header("Idempotency-Key", idempotencyKey);
        }
        try {
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Reply(response.statusCode(), JSON.readTree(response.body()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("nobody interrupts a caller", e);
        }
    }

    /** Makes one attempt. */
    Answer attempt(URI pod, String method, String path, @Nullable String body, @Nullable String idempotencyKey) {
        try {
            return meaning(send(pod, method, path, body, idempotencyKey));
        } catch (ConnectException | HttpConnectTimeoutException e) {
            return new Answer.NotDone();
        } catch (IOException e) {
            return new Answer.Unknown();
        }
    }

    private static Answer meaning(Reply reply) {
        JsonNode body = reply.body();
        if (reply.status() == 200 || reply.status() == 202) {
            return done(body);
        }
        String type = body.path("type").asText();
        return switch (type.startsWith(PROBLEM) ? type.substring(PROBLEM.length()) : type) {
            case "count-below-zero" -> new Answer.Refused();
            case "store-unavailable" -> new Answer.NotDone();
            case "outcome-unknown" -> new Answer.Unknown();
            case "key-unknown" ->
                body.path("stale").asBoolean()
                        ? new Answer.Stale(0, Version.NONE)
                        : new Answer.Done(0, false, Version.NONE, Propagation.NOT_ASKED);
            default -> throw new AssertionError("an answer that no fault explains: " + reply);
        };
    }

    private static Answer done(JsonNode body) {
        int count = body.path("count").asInt();
        Version version =
                new Version(body.path("epoch").asLong(), body.path("revision").asLong());
        if (body.path("stale").asBoolean()) {
            return new Answer.Stale(count, version);
        }
        Set<String> expired = new HashSet<>();
        body.path("propagation")
                .path("expired")
                .forEach(node -> expired.add(node.path("node").asText()));
        // A read shows its propagation too, and claims it as firmly.
        return new Answer.Done(
                count,
                body.path("changed").asBoolean(),
                version,
                new Propagation(body.path("propagation").path("applied").asBoolean(), expired));
    }
}
