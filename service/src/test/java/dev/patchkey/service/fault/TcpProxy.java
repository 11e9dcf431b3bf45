package dev.patchkey.service.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A proxy on loopback between a client and a server, which is the network between them: it can be slow, fall silent, break
 * what is connected and refuse what is not, or do so at the moment at which the client says a certain thing.
 */
public final class TcpProxy implements AutoCloseable {
    private static final int BUFFER = 64 * 1024;

    /** How long a silent network keeps what it was given before it looks again whether it is still silent. */
    private static final long SILENCE_MILLIS = 10;

    /** What the network does with everything. */
    public enum Network {
        /** It passes everything on. */
        WELL,
        /** It keeps what it is given, and says nothing; once it is well again, it passes that on. */
        SILENT,
        /** It breaks each connection and refuses new ones. */
        DOWN
    }

    /** What happens when the client says the certain thing. */
    public enum Fault {
        /** It does not reach the server, and the connection breaks at both ends. */
        CUT_BEFORE,
        /** A half of it reaches the server, which has time to do that, and the connection breaks at both ends. */
        CUT_WITHIN,
        /** It reaches the server, and the connection breaks before the client hears of it. */
        CUT_AFTER,
        /** The connection breaks at the client's end, and it reaches the server once {@link #deliver} is called. */
        CUT_AND_LATE,
        /** It does not reach the server: the connection falls silent, for good, and neither end is told. */
        SILENT_BEFORE,
        /** It reaches the server, whose answer never comes: the connection falls silent, for good. */
        SILENT_AFTER
    }

    /** How long the server has at most for what has reached it, before it hears that its client is gone. */
    private static final long HEARD_MILLIS = 500;

    /** @param passing how many times the words are let through before */
    private record Trap(String words, Fault fault, AtomicInteger passing) {}

    private final ServerSocket listener;
    private final int serverPort;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable Trap> trap = new AtomicReference<>();
    private volatile Network network = Network.WELL;
    private volatile boolean delivering;
    private volatile Duration delay = Duration.ZERO;

    /** @param serverPort of a server on loopback; it need not be there yet */
    public TcpProxy(int serverPort) {
        this.serverPort = serverPort;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().name("proxy-" + listener.getLocalPort()).daemon().start(this::accept);
    }

    /** Where clients connect to. */
    public int port() {
        return listener.getLocalPort();
    }

    public void set(Network state) {
        network = state;
        if (state == Network.DOWN) {
            links.forEach(Link::cut);
        }
    }

    /** Holds back whatever the server says, each time, for so long. */
    public void delay(Duration perAnswer) {
        delay = perAnswer;
    }

    /** Lets the fault happen to the next connection on which the client says these words, and to that one alone. */
    public void trap(String words, Fault fault) {
        trap.set(new Trap(words, fault, new AtomicInteger()));
    }

    /** The same for whatever a client says after it, or others, have spoken so many times. */
    public void trapAfter(int times, Fault fault) {
        trap.set(new Trap("", fault, new AtomicInteger(times)));
    }

    /** Takes the trap away; says whether it was still set. */
    public boolean disarm() {
        return trap.getAndSet(null) != null;
    }

    /** Whether the trap has been sprung. */
    public boolean isSprung() {
        return trap.get() == null;
    }

    /** Has what is late reach the server. */
    public void deliver() {
        delivering = true;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                if (network == Network.DOWN) {
                    client.close();
                    continue;
                }
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        try {
            server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort));
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        } catch (IOException e) {
            closeQuietly(client);
            closeQuietly(server);
            return;
        }
        Link link = new Link(client, server);
        links.add(link);
        Thread.ofVirtual().start(link::toServer);
        Thread.ofVirtual().start(link::toClient);
    }

    /** One connection. */
    private final class Link {
        private final Socket client;
        private final Socket server;
        private final CountDownLatch answered = new CountDownLatch(1);
        private volatile boolean answersLost;

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void toServer() {
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = client.getInputStream();
                    OutputStream out = server.getOutputStream()) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    awaitNetwork();
                    if (!meets(buffer, n, out)) {
                        return;
                    }
                }
            } catch (IOException e) {
                // One end has gone, so the other goes too.
            }
            cut();
        }

        /** Whether the connection goes on. */
        private boolean meets(byte[] buffer, int n, OutputStream out) throws IOException {
            Trap set = trap.get();
            if (set == null
                    || !new String(buffer, 0, n, StandardCharsets.ISO_8859_1).contains(set.words())
                    || set.passing().getAndDecrement() > 0
                    || !trap.compareAndSet(set, null)) {
                out.write(buffer, 0, n);
                return true;
            }
            switch (set.fault()) {
                case CUT_BEFORE -> cut();
                case CUT_WITHIN -> {
                    answersLost = true;
                    out.write(buffer, 0, n / 2);
                    pause(HEARD_MILLIS);
                    cut();
                }
                case CUT_AND_LATE -> {
                    answersLost = true;
                    closeQuietly(client);
                    while (!delivering && !server.isClosed()) {
                        pause(SILENCE_MILLIS);
                    }
                    out.write(buffer, 0, n);
                    awaitAnswer();
                    cut();
                }
                case SILENT_BEFORE -> answersLost = true;
                case SILENT_AFTER -> {
                    answersLost = true;
                    out.write(buffer, 0, n);
                }
                case CUT_AFTER -> {
                    answersLost = true;
                    out.write(buffer, 0, n);
                    closeQuietly(client);
                    awaitAnswer();
                    cut();
                }
            }
            // Neither stream may be closed by the one who leaves: the server must not be told.
            awaitEnd();
            return false;
        }

        void toClient() {
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = server.getInputStream();
                    OutputStream out = client.getOutputStream()) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    awaitNetwork();
                    Thread.sleep(delay);
                    if (answersLost) {
                        answered.countDown();
                    } else {
                        out.write(buffer, 0, n);
                    }
                }
            } catch (IOException e) {
                // As above.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (!answersLost) {
                cut();
            }
        }

        /** The server answers what has reached it once it has done it. */
        private void awaitAnswer() {
            try {
                answered.await(HEARD_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void awaitNetwork() throws IOException {
            while (network == Network.SILENT && !server.isClosed()) {
                pause(SILENCE_MILLIS);
            }
            if (server.isClosed()) {
                throw new IOException("cut");
            }
        }

        private void awaitEnd() throws IOException {
            while (links.contains(this)) {
                pause(SILENCE_MILLIS);
            }
        }

        private void pause(long millis) throws IOException {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }

        void cut() {
            links.remove(this);
            closeQuietly(client);
            closeQuietly(server);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            links.forEach(Link::cut);
        }
    }
}
