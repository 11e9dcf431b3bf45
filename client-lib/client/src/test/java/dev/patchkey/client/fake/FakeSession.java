package dev.patchkey.client.fake;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** One node's connection to the fake. */
public final class FakeSession {

    public final String id;
    public final Map<String, Object> hello;

    /** Everything that the node has sent, in order, the hello first. */
    public final List<Map<String, Object>> received = new CopyOnWriteArrayList<>();

    private final Socket socket;
    private final OutputStream out;
    private long number;
    volatile long seq;
    volatile boolean over;
    public volatile boolean mute;
    public volatile int closedWith;
    public volatile String closedBecause = "";

    FakeSession(String id, Map<String, Object> hello, Socket socket) throws IOException {
        this.id = id;
        this.hello = hello;
        this.socket = socket;
        this.out = socket.getOutputStream();
        received.add(hello);
    }

    public boolean isOpen() {
        return !over;
    }

    public synchronized void sendRaw(String text) {
        frame(true, Frames.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #sendRaw}, in frames of so many bytes. */
    public synchronized void sendInParts(String text, int size) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < bytes.length; at += size) {
            byte[] part = java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size));
            frame(at + size >= bytes.length, at == 0 ? Frames.TEXT : Frames.CONTINUATION, part);
        }
    }

    public synchronized long nextNumber() {
        return ++number;
    }

    public synchronized void sendChange(long epoch, long revision, List<?> keys) {
        sendNumbered("\"change\"", epoch, revision, keys);
    }

    public synchronized void sendSnapshot(long epoch, long revision, boolean last, List<?> keys) {
        sendNumbered("\"snapshot\",\"last\":" + last, epoch, revision, keys);
    }

    private void sendNumbered(String type, long epoch, long revision, List<?> keys) {
        sendRaw("{\"type\":" + type + ",\"n\":" + nextNumber() + ",\"epoch\":" + epoch + ",\"revision\":" + revision
                + ",\"keys\":" + Json.write(keys) + "}");
    }

    public synchronized void sendHeartbeat(long epoch, long revision) {
        if (!mute) {
            sendRaw("{\"type\":\"heartbeat\",\"n\":" + number + ",\"epoch\":" + epoch + ",\"revision\":" + revision
                    + ",\"seq\":" + seq + "}");
        }
    }

    public synchronized void ping() {
        frame(true, Frames.PING, new byte[] {1, 2, 3});
    }

    public synchronized void sendBinary() {
        frame(true, Frames.BINARY, new byte[] {1, 2, 3});
    }

    synchronized void frame(boolean last, int opcode, byte[] payload) {
        try {
            Frames.write(out, last, opcode, payload);
        } catch (IOException e) {
            over = true;
        }
    }

    public void close(int code, String reason) {
        frame(true, Frames.CLOSE, Frames.closePayload(code, reason));
    }

    /** Cuts the connection without a word. */
    public void drop() {
        over = true;
        try {
            socket.close();
        } catch (IOException e) {
            // It is cut either way.
        }
    }

    /** What the node has sent of this type, in order. */
    public List<Map<String, Object>> received(String type) {
        return received.stream().filter(m -> type.equals(m.get("type"))).toList();
    }

    /** The number in the newest {@code applied}; -1 before the first. */
    public long applied() {
        Map<String, Object> last = lastApplied();
        return last == null ? -1 : Json.number(last, "n");
    }

    public @Nullable Map<String, Object> lastApplied() {
        List<Map<String, Object>> all = received("applied");
        return all.isEmpty() ? null : all.get(all.size() - 1);
    }

    public long number() {
        return number;
    }
}
