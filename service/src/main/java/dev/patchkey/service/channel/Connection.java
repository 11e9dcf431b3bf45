package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.FeedMessage;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.NodeConnection;
import dev.patchkey.service.propagation.NodeSession;
import dev.patchkey.service.security.Caller;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/*
 *   CONNECTED --hello--> GREETING --welcome queued--> OPEN
 *       |                    |                          |
 *       +--------------------+------- any -----------> closing (a flag apart: once set, nothing more is written)
 *
 * Reading: Jetty delivers one frame per demand, and nothing is demanded while the hello is being greeted, so that a node
 * cannot run ahead of its welcome. Writing: at most one message is under way; when it is written, or when there may be
 * something new, the pump looks for the next. Several threads ask the pump, one runs it.
 */
/** One node's WebSocket. */
final class Connection implements FrameHandler, NodeConnection {

    private enum State {
        CONNECTED,
        GREETING,
        OPEN
    }

    private final Channel channel;
    private final LiveNodes nodes;
    private final Caller caller;
    /** What limits count its caller by. */
    private final String counted;
    /** By the monotonic clock. */
    private final long since;

    private volatile State state = State.CONNECTED;
    private volatile @Nullable CoreSession core;
    private volatile @Nullable NodeSession node;
    private final AtomicBoolean closing = new AtomicBoolean();

    /** The message so far, if it came in parts. Used by Jetty's thread of the moment alone, in turn. */
    private @Nullable ByteArrayOutputStream partial;

    /** How often the pump was asked for since it last looked; 0 if nobody runs it. */
    private final AtomicInteger asked = new AtomicInteger();

    private volatile byte @Nullable [] welcome;
    private volatile boolean heartbeatDue;
    private volatile boolean writing;

    Connection(Channel channel, LiveNodes nodes, Caller caller, String counted, long since) {
        this.channel = channel;
        this.nodes = nodes;
        this.caller = caller;
        this.counted = counted;
        this.since = since;
    }

    // Reading.

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        core = coreSession;
        CloseCode refused = channel.opened(this);
        callback.succeeded();
        if (refused != null) {
            close(refused, null);
        }
        coreSession.demand();
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        switch (frame.getOpCode()) {
            case OpCode.PING -> pong(frame, callback);
            case OpCode.CLOSE -> callback.succeeded();
            case OpCode.BINARY -> {
                callback.succeeded();
                refuse(new InvalidMessageException("message must be text"));
                demand();
            }
            case OpCode.TEXT, OpCode.CONTINUATION -> {
                boolean goOn = data(frame);
                callback.succeeded();
                if (goOn) {
                    demand();
                }
            }
            default -> {
                callback.succeeded();
                demand();
            }
        }
    }

    /** Answers, and reads on once that is written: a node that only asks fills no queue. */
    private void pong(Frame ping, Callback callback) {
        ByteBuffer payload = BufferUtil.copy(ping.getPayload());
        callback.succeeded();
        CoreSession open = core;
        if (open != null) {
            open.sendFrame(new Frame(OpCode.PONG, payload), Callback.from(this::demand, failed -> demand()), false);
        }
    }

    private void demand() {
        CoreSession open = core;
        if (open != null && !open.isClosed()) {
            open.demand();
        }
    }

    /** Returns whether to read on. */
    private boolean data(Frame frame) {
        if (closing.get()) {
            return true;
        }
        try {
            ByteBuffer message = whole(frame);
            return message == null || handle(NodeMessageReader.read(message));
        } catch (InvalidMessageException e) {
            refuse(e);
            return true;
        }
    }

    /** The message that the frame completes, or null. */
    private @Nullable ByteBuffer whole(Frame frame) {
        ByteArrayOutputStream soFar = partial;
        int size = frame.getPayloadLength() + (soFar == null ? 0 : soFar.size());
        if (size > NodeMessageReader.LARGEST_MESSAGE) {
            partial = null;
            throw new InvalidMessageException(
                    CloseCode.TOO_LARGE, "message must be at most " + NodeMessageReader.LARGEST_MESSAGE + " bytes");
        }
        ByteBuffer payload = frame.hasPayload() ? frame.getPayload() : BufferUtil.EMPTY_BUFFER;
        if (soFar == null && frame.isFin()) {
            return payload;
        }
        if (soFar == null) {
            soFar = new ByteArrayOutputStream(size);
            partial = soFar;
        }
        soFar.writeBytes(BufferUtil.toArray(payload));
        if (!frame.isFin()) {
            return null;
        }
        partial = null;
        return ByteBuffer.wrap(soFar.toByteArray());
    }

    private boolean handle(NodeMessage message) {
        NodeSession session = node;
        if (state == State.CONNECTED || session == null) {
            if (!(message instanceof NodeMessage.Hello hello)) {
                throw new InvalidMessageException("type must be hello in the first message of a connection");
            }
            state = State.GREETING;
            channel.greet(this, hello);
            return false;
        }
        try {
            switch (message) {
                case NodeMessage.Hello again ->
                    throw new InvalidMessageException("type must not be hello a second time");
                case NodeMessage.Applied applied -> {
                    nodes.applied(session, applied.n(), applied.except());
                    pump();
                }
                case NodeMessage.Heartbeat heartbeat -> {
                    nodes.heard(session, heartbeat.seq());
                    heartbeat();
                }
                case NodeMessage.Declared declared -> nodes.declared(session, declared.keys());
                case NodeMessage.Bye bye -> {
                    channel.bye(session);
                    close(CloseCode.NORMAL, null);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidMessageException(String.valueOf(e.getMessage()));
        }
        return true;
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        callback.succeeded();
    }

    @Override
    public void onClosed(CloseStatus status, Callback callback) {
        if (!closing.getAndSet(true)) {
            channel.metrics().lost();
        }
        leave();
        channel.closed(this);
        callback.succeeded();
    }

    // The hello, on a thread of the channel that may block.

    Caller caller() {
        return caller;
    }

    String counted() {
        return counted;
    }

    /** When the connection was made, by the monotonic clock. */
    long since() {
        return since;
    }

    boolean isWaitingForHello() {
        return state == State.CONNECTED && !closing.get();
    }

    /** The node's session has been opened, for better or worse. */
    void attach(NodeSession session) {
        node = session;
        if (closing.get()) {
            leave();
        }
    }

    /** All is ready for the snapshot. */
    void welcome(byte[] message) {
        welcome = message;
        state = State.OPEN;
        pump();
        demand();
    }

    /** The node has said nothing. Demands nothing: what was demanded when the connection opened is still to come. */
    void helloIsLate(String detail) {
        close(CloseCode.SILENT, PodMessages.error(CloseCode.SILENT, detail));
    }

    /** Whoever had the credential may not have it any more. */
    void credentialHasEnded() {
        close(
                CloseCode.UNAUTHENTICATED,
                PodMessages.error(CloseCode.UNAUTHENTICATED, "the credential of this connection is good no longer"));
    }

    /** The hello could not be granted. */
    void turnAway(CloseCode code, String detail) {
        close(code, PodMessages.error(code, detail));
        demand();
    }

    /** This pod knows less than the node. */
    void turnAwayBehind(byte[] behind) {
        close(CloseCode.NOT_READY, behind);
        demand();
    }

    // Writing.

    @Override
    public void writable() {
        pump();
    }

    @Override
    public void heartbeat() {
        heartbeatDue = true;
        pump();
    }

    private void pump() {
        if (asked.getAndIncrement() == 0) {
            channel.write(this::runPump);
        }
    }

    private void runPump() {
        int answered = 1;
        do {
            writeNext();
            answered = asked.addAndGet(-answered);
        } while (answered != 0);
    }

    private void writeNext() {
        CoreSession open = core;
        if (writing || closing.get() || open == null) {
            return;
        }
        byte[] message = nextMessage();
        if (message == null) {
            return;
        }
        writing = true;
        open.sendFrame(
                text(message),
                Callback.from(
                        () -> {
                            writing = false;
                            pump();
                        },
                        failed -> open.abort()),
                false);
    }

    private byte @Nullable [] nextMessage() {
        NodeSession session = node;
        if (state != State.OPEN || session == null) {
            return null;
        }
        byte[] first = welcome;
        if (first != null) {
            welcome = null;
            if (!nodes.mayWelcome(session)) {
                end(Ending.UNLEASED);
                return null;
            }
            nodes.ready(session);
            return first;
        }
        if (heartbeatDue) {
            heartbeatDue = false;
            LiveNodes.Heartbeat heartbeat = nodes.heartbeat(session);
            if (heartbeat != null) {
                return PodMessages.heartbeat(heartbeat);
            }
        }
        FeedMessage next = nodes.next(session);
        if (next == null) {
            return null;
        }
        channel.metrics().sent(next);
        return PodMessages.feed(next);
    }

    private static Frame text(byte[] message) {
        return new Frame(OpCode.TEXT, ByteBuffer.wrap(message));
    }

    // Ending.

    @Override
    public void end(Ending why) {
        switch (why) {
            case SUPERSEDED ->
                close(
                        CloseCode.SUPERSEDED,
                        PodMessages.error(
                                CloseCode.SUPERSEDED, "incarnation is superseded by a later life of the node"));
            case REPLACED -> {
                // The node has left this connection behind; a code would reach nobody, or confuse it.
                if (closing.compareAndSet(false, true)) {
                    channel.metrics().lost();
                    leave();
                    abort();
                }
            }
            case SILENT ->
                close(CloseCode.SILENT, PodMessages.error(CloseCode.SILENT, "heartbeat must arrive within the lease"));
            case RESYNC ->
                close(
                        CloseCode.RESYNC,
                        PodMessages.error(CloseCode.RESYNC, "hello must be said again: all counts are replaced"));
            case UNLEASED ->
                close(
                        CloseCode.NOT_READY,
                        PodMessages.error(
                                CloseCode.NOT_READY, "the pod's own lease has ended: another pod may have one"));
            case STUCK ->
                close(CloseCode.STUCK, PodMessages.error(CloseCode.STUCK, "applied must not fall behind for so long"));
        }
    }

    private void refuse(InvalidMessageException e) {
        close(e.code, PodMessages.error(e.code, e.detail()));
    }

    /** Closes, after a last message; a no-op if that has happened. Whatever the node still says is not heard. */
    void close(CloseCode code, byte @Nullable [] last) {
        CoreSession open = core;
        if (!closing.compareAndSet(false, true) || open == null) {
            return;
        }
        channel.metrics().closed(code);
        leave();
        Callback done = Callback.from(() -> {}, failed -> open.abort());
        if (last == null) {
            open.close(code.code, code.problem, done);
        } else {
            open.sendFrame(
                    text(last), Callback.from(() -> open.close(code.code, code.problem, done), done::failed), false);
        }
        channel.abortLater(this);
    }

    private void leave() {
        NodeSession session = node;
        if (session != null) {
            nodes.disconnected(session);
        }
    }

    /** Ends the connection whatever its peer does. */
    void abort() {
        CoreSession open = core;
        if (open != null) {
            open.abort();
        }
    }
}
