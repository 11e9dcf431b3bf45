package dev.patchkey.client;

import dev.patchkey.client.protocol.InvalidMessageException;
import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.client.protocol.NodeMessages.Excepted;
import dev.patchkey.client.protocol.PodMessage;
import dev.patchkey.client.protocol.PodMessages;
import dev.patchkey.client.protocol.Version;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a pod, from the upgrade to its end: the protocol's order, its numbers, its heartbeats. For the
 * channel's thread alone, but for its {@link #id} and {@link #service}.
 */
final class Session implements Socket.Events, Backlog.Deliverer {

    /** How long a pod may take from the upgrade to its welcome; it has to look up no more than the node's holds. */
    private static final Duration WELCOME_WAIT = Duration.ofSeconds(10);

    /** How long a pod may take from its welcome to the last part of the snapshot. */
    private static final Duration SNAPSHOT_WAIT = Duration.ofSeconds(60);

    /** A pod that is not heard for so many heartbeats is dead. */
    private static final int MISSED_HEARTBEATS = 3;

    /** The protocol's bound on how often declared keys are told. */
    static final Duration DECLARE_EVERY = Duration.ofSeconds(1);

    private static final int PROTOCOL_ERROR = 4400;

    private final URI service;
    private final Channel channel;
    private final Socket socket;
    private final Declarations declarations = new Declarations();

    private List<NodeMessages.Held> helloHeld = List.of();
    private long helloSentNanos;
    private long heardNanos;
    private volatile @Nullable String id;
    private long heartbeatNanos;
    private long received;
    private long epoch;
    private boolean snapshotComplete;
    private boolean saidBye;

    /** What the pod has said of why it is about to close. */
    private @Nullable String explanation;

    /** The number of the newest heartbeat, and whether it is still on its way into the socket. */
    private long beats;

    private boolean beating;

    private final Announcements announcements = new Announcements();

    /** Whether one of them is on its way into the socket. */
    private boolean announcing;

    Session(URI service, Channel channel) {
        this.service = service;
        this.channel = channel;
        this.socket = new Socket(channel::post, channel::work, this);
    }

    URI service() {
        return service;
    }

    /** The pod's name for it; null before the welcome. */
    @Nullable String id() {
        return id;
    }

    void open(HttpClient http, @Nullable String authorization) {
        socket.open(http, channelUri(), authorization, channel.config().connectTimeout());
    }

    private URI channelUri() {
        String http = service.resolve("v1/channel").toString();
        return URI.create("ws" + http.substring("http".length()));
    }

    @Override
    public void opened() {
        Config config = channel.config();
        helloHeld = channel.holds().held();
        helloSentNanos = System.nanoTime();
        heardNanos = helloSentNanos;
        send(NodeMessages.hello(new NodeMessages.Hello(
                config.node(),
                channel.incarnation(),
                config.application(),
                config.applicationVersion(),
                channel.board().applied(),
                helloHeld,
                config.prefixes(),
                config.stalePolicy().inProtocol())));
        channel.later(WELCOME_WAIT, this, () -> {
            if (id == null) {
                fail("no welcome within " + WELCOME_WAIT.toSeconds() + " s");
            }
        });
    }

    @Override
    public void message(String text) {
        heardNanos = System.nanoTime();
        try {
            PodMessage message = PodMessages.read(text);
            if (message instanceof PodMessage.Failure failure) {
                explanation = failure.problem() + ": " + failure.detail();
            } else if (message instanceof PodMessage.Behind behind) {
                channel.ended(this, Ending.broken(behind(behind.version())));
                socket.close(1000, "behind");
            } else if (message instanceof PodMessage.Welcome welcome) {
                require(id == null, "type must not be welcome again");
                welcome(welcome);
            } else {
                require(id != null, "type must be welcome first");
                if (message instanceof PodMessage.Numbered numbered) {
                    numbered(numbered);
                    heardOfCounts();
                } else if (message instanceof PodMessage.Heartbeat heartbeat) {
                    require(
                            heartbeat.n() == received,
                            "n must be " + received + ", the last number received, not " + heartbeat.n());
                    requireEpoch(heartbeat.version());
                    channel.lease().confirmed(Math.min(heartbeat.seq(), beats));
                    heardOfCounts();
                }
            }
        } catch (InvalidMessageException e) {
            socket.close(PROTOCOL_ERROR, String.valueOf(e.getMessage()));
            channel.ended(this, Ending.broken("the pod broke the protocol: " + e.getMessage()));
        }
    }

    private void heardOfCounts() {
        // Until the snapshot is there, what the node reads is as old as the session before.
        if (snapshotComplete) {
            channel.board().heard();
        }
    }

    private String behind(Version pod) {
        long known = channel.board().applied().epoch();
        return pod.epoch() < known
                ? "this JVM has seen epoch " + known + " and the service is at epoch " + pod.epoch()
                        + ": it is another service, or one that was set back without a new epoch; its counts are"
                        + " refused until it gets there or the JVM is restarted"
                : "the pod is behind this node, at revision " + pod.revision() + " of epoch " + pod.epoch();
    }

    private static void require(boolean condition, String rule) throws InvalidMessageException {
        if (!condition) {
            throw new InvalidMessageException(rule);
        }
    }

    private void requireEpoch(Version version) throws InvalidMessageException {
        // A new epoch is a new session's: the pod closes this one with 4410, and the next hello begins anew, with the
        // held keys in it.
        require(
                !snapshotComplete || version.epoch() == epoch,
                "epoch must be " + epoch + " as in the snapshot, not " + version.epoch());
    }

    private void welcome(PodMessage.Welcome welcome) throws InvalidMessageException {
        long known = channel.board().applied().epoch();
        require(
                welcome.epoch() >= known,
                "epoch must be at least " + known + ", which this JVM has seen, not " + welcome.epoch());
        id = welcome.session();
        heartbeatNanos = Duration.ofMillis(welcome.heartbeatMillis()).toNanos();
        channel.welcomed(this, welcome, helloSentNanos, helloHeld);
        channel.every(Duration.ofMillis(welcome.heartbeatMillis()), this, this::beat);
        channel.later(SNAPSHOT_WAIT, this, () -> {
            if (!snapshotComplete) {
                fail("no complete snapshot within " + SNAPSHOT_WAIT.toSeconds() + " s");
            }
        });
    }

    private void numbered(PodMessage.Numbered message) throws InvalidMessageException {
        require(message.n() == received + 1, "n must be " + (received + 1) + ", not " + message.n());
        if (message instanceof PodMessage.Snapshot part) {
            require(
                    received == 0 || part.version().epoch() == epoch,
                    "epoch must be " + epoch + " in each part, not "
                            + part.version().epoch());
            epoch = part.version().epoch();
            snapshotComplete |= part.last();
        } else {
            require(snapshotComplete, "type must be snapshot until its last part, not change");
            requireEpoch(message.version());
        }
        received = message.n();
        channel.deliver(this, message);
    }

    private void beat() {
        long silent = System.nanoTime() - heardNanos;
        if (silent > MISSED_HEARTBEATS * heartbeatNanos) {
            fail("nothing heard from the pod for " + Duration.ofNanos(silent).toMillis() + " ms");
        } else if (!beating) {
            // Were the last one still on its way, this one would promise a lease that nothing renews.
            beating = true;
            beats++;
            channel.lease().sent(beats, System.nanoTime());
            socket.send(NodeMessages.heartbeat(beats)).thenRunAsync(() -> beating = false, channel::post);
        }
    }

    /** Tells the pod, once what is on its way is gone. */
    @Override
    public void applied(Backlog.Marker marker, List<Excepted> except) {
        // With more failed rebinds than fit a message, nothing is claimed.
        if (except.size() <= NodeMessages.MOST_EXCEPTED) {
            announcements.add(marker.n(), except);
            announce();
        }
        if (marker.snapshotComplete() && channel.ready(this)) {
            declare();
            channel.every(DECLARE_EVERY, this, this::declare);
        }
    }

    private void announce() {
        Announcements.Announcement next = announcing ? null : announcements.poll();
        if (next != null) {
            announcing = true;
            // Written as a message only now: most are replaced before, when many keys recover at once.
            socket.send(NodeMessages.applied(next.n(), next.except()))
                    .thenRunAsync(
                            () -> {
                                announcing = false;
                                announce();
                            },
                            channel::post);
        }
    }

    private void declare() {
        Map<String, Integer> news = declarations.news(channel.declared());
        if (!news.isEmpty()) {
            send(NodeMessages.declared(news));
        }
    }

    void bye() {
        saidBye = true;
        send(NodeMessages.bye());
    }

    void abort() {
        socket.abort();
    }

    private void send(String message) {
        // What fails to be sent ends the session, by the socket's event.
        var unused = socket.send(message);
    }

    private void fail(String sentence) {
        socket.abort();
        channel.ended(this, Ending.broken(sentence));
    }

    @Override
    public void closed(int code, String sentence) {
        if (saidBye) {
            channel.saidBye();
        } else {
            channel.ended(this, Ending.ofClose(code, explanation == null ? sentence : explanation));
        }
    }
}
