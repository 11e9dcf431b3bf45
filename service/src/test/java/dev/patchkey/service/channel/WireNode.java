package dev.patchkey.service.channel;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A node on the wire: the JDK's WebSocket and nothing else. */
public final class WireNode implements WebSocket.Listener {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final StringBuilder partial = new StringBuilder();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    final CompletableFuture<ByteBuffer> pong = new CompletableFuture<>();
    private volatile boolean reads = true;
    final WebSocket socket;

    private WireNode(URI uri, String... headers) {
        WebSocket.Builder builder = CLIENT.newWebSocketBuilder().subprotocols(ChannelServlet.SUBPROTOCOL);
        for (int i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        socket = builder.buildAsync(uri, this).join();
    }

    static WireNode connect(ChannelPod pod) {
        return new WireNode(pod.uri("ws"));
    }

    public static WireNode connect(int port, String... headers) {
        return new WireNode(URI.create("ws://127.0.0.1:" + port + ChannelServlet.PATH), headers);
    }

    /** A node that has its welcome. */
    static WireNode welcomed(ChannelPod pod, String node) {
        WireNode wire = connect(pod);
        wire.hello(node, UUID.randomUUID().toString());
        wire.expect("welcome");
        return wire;
    }

    /** A node that has applied its snapshot. */
    static WireNode applied(ChannelPod pod, String node) {
        WireNode wire = welcomed(pod, node);
        wire.apply(wire.expect("snapshot"));
        return wire;
    }

    public static String helloOf(String node, String incarnation, String held) {
        return """
                {"type":"hello","protocol":1,"node":"%s","incarnation":"%s","application":"test","held":[%s],\
                "stalePolicy":"hold"}""".formatted(node, incarnation, held);
    }

    public WireNode hello(String node, String incarnation) {
        return send(helloOf(node, incarnation, ""));
    }

    public WireNode send(String message) {
        socket.sendText(message, true).join();
        return this;
    }

    public void apply(JsonNode numbered) {
        send("{\"type\":\"applied\",\"n\":" + numbered.get("n") + "}");
    }

    /** The next message of any type, or null if none comes in that time. */
    @Nullable JsonNode next(Duration patience) throws InterruptedException {
        return messages.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The next message but heartbeats, which must be of the type. */
    public JsonNode expect(String type) {
        try {
            while (true) {
                JsonNode message = messages.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
                if (message == null) {
                    throw new AssertionError("no " + type + " came");
                }
                String is = message.get("type").stringValue();
                if (is.equals(type)) {
                    return message;
                }
                if (!is.equals("heartbeat")) {
                    throw new AssertionError("instead of " + type + " came " + message);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Skips all up to a message of the type. */
    JsonNode skipTo(String type) {
        List<JsonNode> skipped = new ArrayList<>();
        try {
            while (true) {
                JsonNode message = messages.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
                if (message == null) {
                    throw new AssertionError("no " + type + " came, but " + skipped);
                }
                if (message.get("type").stringValue().equals(type)) {
                    return message;
                }
                skipped.add(message);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    int closeCode() {
        return closed.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    boolean isOpen() {
        return !closed.isDone();
    }

    /** Reads nothing more from now on. */
    void stopReading() {
        reads = false;
    }

    @Override
    public void onOpen(WebSocket webSocket) {
        webSocket.request(1);
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        partial.append(data);
        if (last) {
            messages.add(JSON.readTree(partial.toString()));
            partial.setLength(0);
        }
        if (reads) {
            webSocket.request(1);
        }
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onPong(WebSocket webSocket, ByteBuffer message) {
        pong.complete(message);
        webSocket.request(1);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.complete(1006);
    }
}
