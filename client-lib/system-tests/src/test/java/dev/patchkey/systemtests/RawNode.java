package dev.patchkey.systemtests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection to the channel that sends whatever it is told to, as no client of ours would. */
final class RawNode implements AutoCloseable, WebSocket.Listener {

    private static final int SECONDS = 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final LinkedBlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder part = new StringBuilder();
    private final WebSocket socket;

    RawNode(URI service) {
        URI channel = URI.create("ws://" + service.getAuthority() + "/v1/channel");
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("patchkey.v1")
                .buildAsync(channel, this)
                .join();
    }

    static String hello(String node) {
        return """
            {"type":"hello","protocol":1,"node":"%s","incarnation":"%s","application":"raw","held":[],\
            "stalePolicy":"hold"}""".formatted(node, UUID.randomUUID());
    }

    RawNode send(String message) {
        socket.sendText(message, true).join();
        return this;
    }

    RawNode sendBinary(byte[] message) {
        socket.sendBinary(ByteBuffer.wrap(message), true).join();
        return this;
    }

    /** The next message of that type; others are passed over. */
    JsonNode receive(String type) {
        try {
            // Ends: each turn takes one message, and without one the poll gives up.
            while (true) {
                JsonNode message = messages.poll(SECONDS, TimeUnit.SECONDS);
                if (message == null) {
                    throw new AssertionError("no message of type " + type + " came within " + SECONDS + " s");
                }
                if (message.path("type").asText().equals(type)) {
                    return message;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** The code with which the pod has closed. */
    int closeCode() {
        try {
            return closed.get(SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the pod did not close the connection", e);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        part.append(data);
        if (last) {
            try {
                messages.add(JSON.readTree(part.toString()));
            } catch (JsonProcessingException e) {
                closed.completeExceptionally(e);
            }
            part.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
        closed.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.completeExceptionally(error);
    }

    @Override
    public void close() {
        socket.abort();
    }
}
