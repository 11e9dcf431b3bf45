package dev.patchkey.client.fake;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fake pod. Counts are bare references that {@link #set} sets, and the holds of nodes. Fields that say how to
 * misbehave may be written at any time.
 */
public final class FakeService implements AutoCloseable {

    private static final Pattern HOLD = Pattern.compile("(PUT|DELETE) /v1/keys/([^/ ]+)/holds/([^/ ]+) HTTP/1.1");

    /** By which operation a node has done something; one of another incarnation is of a later one. */
    private record Stamp(String incarnation, long operation) {
        boolean isOlderThan(Stamp other) {
            return incarnation.equals(other.incarnation) && operation < other.operation;
        }
    }

    /** A key's state: what the nodes hold, and by which operation what they held has ended. Guarded by the service. */
    private record Count(int bare, Map<String, Stamp> holders, Map<String, Stamp> ended, long revision) {

        static final Count NONE = new Count(0, Map.of(), Map.of(), 0);

        int count() {
            return bare + holders.size();
        }

        /** Null if a later operation has been decided, or the same one and what it acquired has ended. */
        @Nullable Count acquired(String node, Stamp by, long next) {
            Stamp standing = holders.get(node);
            Stamp end = ended.get(node);
            if (standing != null ? by.isOlderThan(standing) : end != null && !end.isOlderThan(by)) {
                return null;
            }
            return new Count(bare, with(holders, node, by), without(ended, node), standing == null ? next : revision);
        }

        /** Null if a later operation has been decided. */
        @Nullable Count released(String node, Stamp by, long next) {
            Stamp standing = holders.get(node);
            Stamp decided = standing == null ? ended.get(node) : standing;
            if (decided != null && by.isOlderThan(decided)) {
                return null;
            }
            return new Count(bare, without(holders, node), with(ended, node, by), standing == null ? revision : next);
        }

        Count expired(String node, long next) {
            Stamp standing = holders.get(node);
            return standing == null ? this : new Count(bare, without(holders, node), with(ended, node, standing), next);
        }

        private static Map<String, Stamp> with(Map<String, Stamp> stamps, String node, Stamp stamp) {
            Map<String, Stamp> copy = new HashMap<>(stamps);
            copy.put(node, stamp);
            return Map.copyOf(copy);
        }

        private static Map<String, Stamp> without(Map<String, Stamp> stamps, String node) {
            Map<String, Stamp> copy = new HashMap<>(stamps);
            copy.remove(node);
            return Map.copyOf(copy);
        }
    }

    public volatile long leaseMillis = 30_000;
    public volatile long heartbeatMillis = 500;
    public volatile long epoch = 1;
    public volatile String pod = "fake-0";

    /** Given each hello's session before anything is sent; null does what the protocol says. */
    public volatile @Nullable Consumer<FakeSession> script;

    /** Given each hold request first; null from it, or none, does what the protocol says. */
    public volatile @Nullable Function<HoldRequest, @Nullable Reply> onHold;

    /** Given each answer after the change has been made and told to the nodes, before it is sent. */
    public volatile @Nullable Consumer<HoldRequest> beforeAnswer;

    /** Whether a hold change is told to the sessions. */
    public volatile boolean tellHoldChanges = true;

    /** HTTP status of refused upgrades; 0 refuses none. */
    public volatile int refuseUpgrades;

    /** Accepts connections and never says a word. */
    public volatile boolean silent;

    /** Keys that a welcome does not acquire again. */
    public final Set<String> notAgain = ConcurrentHashMap.newKeySet();

    public final List<HoldRequest> requests = new CopyOnWriteArrayList<>();
    public final List<FakeSession> sessions = new CopyOnWriteArrayList<>();
    public final List<Map<String, String>> upgrades = new CopyOnWriteArrayList<>();

    private final Map<String, Count> counts = new TreeMap<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "fake-heart");
        thread.setDaemon(true);
        return thread;
    });
    private final int port;
    private volatile @Nullable ServerSocket server;
    private long revision = 10;

    private FakeService(int port, @Nullable ServerSocket server) {
        this.port = port;
        this.server = server;
    }

    public static FakeService start() {
        FakeService service = away();
        service.appear();
        return service;
    }

    /** A service that is not there yet, but whose port is known. */
    public static FakeService away() {
        try (ServerSocket reserved = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            return new FakeService(reserved.getLocalPort(), null);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public void appear() {
        ServerSocket listening = listen();
        server = listening;
        thread(() -> accept(listening));
    }

    /** Tries for a while: the port may be the local end of a connection that somebody has just made. */
    private ServerSocket listen() {
        IOException last = new IOException("not tried");
        for (int attempt = 0; attempt < 200; attempt++) {
            try {
                ServerSocket listening = new ServerSocket();
                listening.setReuseAddress(true);
                listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return listening;
            } catch (IOException e) {
                last = e;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
        throw new IllegalStateException(last);
    }

    /** Stops listening and cuts all connections. */
    public void vanish() {
        try {
            ServerSocket listening = server;
            if (listening != null) {
                listening.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        sockets.forEach(FakeService::closeQuietly);
        sessions.forEach(FakeSession::drop);
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    @Override
    public void close() {
        vanish();
        heart.shutdownNow();
    }

    private static void thread(Runnable task) {
        Thread thread = new Thread(task, "fake-connection");
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed either way.
        }
    }

    // Counts

    /** Sets a key's bare references and tells the nodes. */
    public synchronized long set(String key, int bare) {
        Count old = counts.getOrDefault(key, Count.NONE);
        return store(key, new Count(bare, old.holders, old.ended, ++revision), true);
    }

    private synchronized long store(String key, Count count, boolean tell) {
        counts.put(key, count);
        if (tell) {
            liveSessions()
                    .forEach(session ->
                            session.sendChange(epoch, revision, List.of(state(key, count.count(), count.revision))));
        }
        return count.revision;
    }

    /** Ends what the node holds, as the end of its lease does, without telling anybody. */
    public synchronized void endHolds() {
        counts.replaceAll((key, count) -> {
            Count left = count;
            for (String node : count.holders.keySet()) {
                left = left.expired(node, ++revision);
            }
            return left;
        });
    }

    /** A new life of the store with nothing in it. */
    public synchronized void wipe() {
        counts.clear();
        epoch++;
        revision = 1;
    }

    public synchronized int count(String key) {
        Count count = counts.get(key);
        return count == null ? 0 : count.count();
    }

    public synchronized long revision() {
        return revision;
    }

    public static Map<String, Object> state(String key, int count, long revision) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("key", key);
        state.put("count", count);
        state.put("revision", revision);
        return state;
    }

    private List<FakeSession> liveSessions() {
        return sessions.stream().filter(FakeSession::isOpen).toList();
    }

    /** The newest session, whether it is open or not. */
    public FakeSession session() {
        return sessions.get(sessions.size() - 1);
    }

    // Connections

    private void accept(ServerSocket listening) {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                thread(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            while (true) {
                String request = line(in);
                Map<String, String> headers = new HashMap<>();
                for (String header = line(in); !header.isEmpty(); header = line(in)) {
                    int colon = header.indexOf(':');
                    headers.put(
                            header.substring(0, colon).toLowerCase(Locale.ROOT),
                            header.substring(colon + 1).trim());
                }
                if (silent) {
                    in.read();
                } else if (request.startsWith("GET /v1/channel ")) {
                    upgrade(socket, in, headers);
                    return;
                } else {
                    byte[] body = new byte[Integer.parseInt(headers.getOrDefault("content-length", "0"))];
                    in.readFully(body);
                    Reply reply = hold(request, headers, new String(body, StandardCharsets.UTF_8));
                    if (reply.status() == 0) {
                        return;
                    }
                    answer(socket, reply.status(), reply.body());
                }
            }
        } catch (IOException e) {
            // The connection is over, which is how most end.
        } finally {
            sockets.remove(socket);
        }
    }

    private static String line(DataInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.US_ASCII);
    }

    private static void answer(Socket socket, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = "HTTP/1.1 " + status + " X\r\nContent-Type: application/json\r\nContent-Length: " + bytes.length
                + "\r\n\r\n";
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        answer.writeBytes(bytes);
        socket.getOutputStream().write(answer.toByteArray());
        socket.getOutputStream().flush();
    }

    // The channel

    private void upgrade(Socket socket, DataInputStream in, Map<String, String> headers) throws IOException {
        upgrades.add(headers);
        if (refuseUpgrades != 0) {
            answer(socket, refuseUpgrades, "");
            return;
        }
        String accept = Frames.accept(headers.getOrDefault("sec-websocket-key", ""));
        socket.getOutputStream()
                .write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Accept: " + accept + "\r\nSec-WebSocket-Protocol: patchkey.v1\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        FakeSession session = null;
        try {
            StringBuilder text = new StringBuilder();
            while (true) {
                Frames.Frame frame = Frames.read(in);
                if (frame.opcode() == Frames.CLOSE) {
                    if (session != null) {
                        byte[] payload = frame.payload();
                        session.closedBecause = new String(
                                payload,
                                Math.min(2, payload.length),
                                Math.max(0, payload.length - 2),
                                StandardCharsets.UTF_8);
                        session.closedWith = payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | (payload[1] & 0xff);
                        session.frame(true, Frames.CLOSE, payload);
                    }
                    return;
                }
                if (frame.opcode() == Frames.PONG && session != null) {
                    session.received.add(Map.of("type", "PONG"));
                } else if (frame.opcode() <= Frames.TEXT) {
                    text.append(new String(frame.payload(), StandardCharsets.UTF_8));
                    if (frame.last()) {
                        Map<String, Object> message = Json.parse(text.toString());
                        text.setLength(0);
                        if (session == null) {
                            session = new FakeSession(UUID.randomUUID().toString(), message, socket);
                            begin(session);
                        } else {
                            received(session, message);
                        }
                    }
                }
            }
        } finally {
            if (session != null) {
                session.over = true;
            }
        }
    }

    private void begin(FakeSession session) {
        Consumer<FakeSession> scripted = script;
        if (scripted == null) {
            welcome(session);
            snapshot(session);
        } else {
            scripted.accept(session);
        }
        if (!sessions.contains(session)) {
            sessions.add(session);
        }
        beat(session);
    }

    private void beat(FakeSession session) {
        if (session.isOpen() && !heart.isShutdown()) {
            var unused = heart.schedule(
                    () -> {
                        synchronized (this) {
                            session.sendHeartbeat(epoch, revision);
                        }
                        beat(session);
                    },
                    heartbeatMillis,
                    TimeUnit.MILLISECONDS);
        }
    }

    private void received(FakeSession session, Map<String, Object> message) {
        session.received.add(message);
        if ("heartbeat".equals(message.get("type"))) {
            session.seq = Json.number(message, "seq");
        } else if ("bye".equals(message.get("type"))) {
            synchronized (this) {
                String node = Json.text(session.hello, "node");
                counts.replaceAll(
                        (key, count) -> count.holders.containsKey(node) ? count.expired(node, ++revision) : count);
            }
            session.close(1000, "bye");
        }
    }

    /** Acquires again what the hello names, and says welcome. */
    public synchronized void welcome(FakeSession session) {
        String node = Json.text(session.hello, "node");
        List<Object> again = new ArrayList<>();
        for (Object held : Json.list(session.hello, "held")) {
            String key = Json.text((Map<?, ?>) held, "key");
            Stamp by = new Stamp(Json.text(session.hello, "incarnation"), Json.number((Map<?, ?>) held, "operation"));
            Count count = counts.getOrDefault(key, Count.NONE).acquired(node, by, revision + 1);
            if (count != null && !notAgain.contains(key)) {
                revision = Math.max(revision, count.revision);
                store(key, count, false);
                again.add(state(key, count.count(), count.revision));
            }
        }
        session.sendRaw("{\"type\":\"welcome\",\"protocol\":1,\"session\":\"" + session.id
                + "\",\"incarnationNumber\":1,\"leaseMillis\":" + leaseMillis + ",\"heartbeatMillis\":"
                + heartbeatMillis + ",\"pod\":\"" + pod + "\",\"epoch\":" + epoch + ",\"held\":" + Json.write(again)
                + "}");
    }

    /** Sends the whole state in one part, and subscribes the session to what follows. */
    public synchronized void snapshot(FakeSession session) {
        List<Object> keys = new ArrayList<>();
        counts.forEach((key, count) -> keys.add(state(key, count.count(), count.revision)));
        sessions.add(session);
        session.sendSnapshot(epoch, revision, true, keys);
    }

    // Holds

    private Reply hold(String request, Map<String, String> headers, String body) {
        Matcher line = HOLD.matcher(request);
        if (!line.matches()) {
            return Reply.problem(404, "not-found", request);
        }
        HoldRequest hold = new HoldRequest(
                line.group(1).equals("PUT"),
                line.group(2),
                line.group(3),
                headers.getOrDefault("patchkey-session", ""),
                headers.getOrDefault("patchkey-incarnation", ""),
                Long.parseLong(headers.getOrDefault("patchkey-operation", "0")),
                body);
        requests.add(hold);
        Function<HoldRequest, @Nullable Reply> hook = onHold;
        Reply scripted = hook == null ? null : hook.apply(hold);
        return scripted != null ? scripted : decide(hold);
    }

    /** What the protocol says to a hold request. */
    public Reply decide(HoldRequest hold) {
        Reply reply;
        synchronized (this) {
            Count old = counts.getOrDefault(hold.key(), Count.NONE);
            Stamp by = new Stamp(hold.incarnation(), hold.operation());
            Count decided = hold.acquire()
                    ? old.acquired(hold.node(), by, revision + 1)
                    : old.released(hold.node(), by, revision + 1);
            if (decided == null) {
                return Reply.problem(409, "operation-superseded", "a later operation was decided");
            }
            boolean changed = decided.revision != old.revision;
            revision = Math.max(revision, decided.revision);
            store(hold.key(), decided, changed && tellHoldChanges);
            reply = new Reply(
                    200,
                    "{\"key\":\"" + hold.key() + "\",\"count\":" + decided.count() + ",\"enabled\":"
                            + (decided.count() > 0) + ",\"epoch\":" + epoch + ",\"revision\":" + decided.revision
                            + "}");
        }
        Consumer<HoldRequest> hook = beforeAnswer;
        if (hook != null) {
            hook.accept(hold);
        }
        return reply;
    }

    public List<HoldRequest> acquires(String key) {
        return requests.stream().filter(r -> r.acquire() && r.key().equals(key)).toList();
    }

    public List<HoldRequest> releases(String key) {
        return requests.stream()
                .filter(r -> !r.acquire() && r.key().equals(key))
                .toList();
    }
}
