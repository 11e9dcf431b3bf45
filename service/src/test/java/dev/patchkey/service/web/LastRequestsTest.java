package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.tls.TestCertificates;
import dev.patchkey.service.web.KeptConnection.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.SelectableChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.JettyWebServer;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** A pod is told to go while callers have connections to it. */
class LastRequestsTest {

    private static final String KEY = "last-requests";
    private static final int CALLERS = 8;

    /** What Kubernetes gives a pod by default, from SIGTERM to SIGKILL. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    /** Longer than a connection must be still to be closed. */
    private static final Duration LONGER_THAN_STILL = Duration.ofMillis(1500);

    @TempDir
    Path directory;

    private final List<ConfigurableApplicationContext> pods = new ArrayList<>();
    private final List<KeptConnection> connections = new ArrayList<>();

    private ConfigurableApplicationContext start(String... settings) {
        List<String> all = new ArrayList<>(List.of(
                "--server.port=0",
                "--patchkey.cluster.name=" + UUID.randomUUID(),
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0"));
        all.addAll(List.of(settings));
        ConfigurableApplicationContext pod =
                new SpringApplicationBuilder(PatchkeyService.class).run(all.toArray(String[]::new));
        pods.add(pod);
        return pod;
    }

    private static int port(ConfigurableApplicationContext pod, String which) {
        return pod.getEnvironment().getRequiredProperty("local." + which + ".port", Integer.class);
    }

    private static Socket connect(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    private KeptConnection keep(Socket socket) throws IOException {
        KeptConnection connection = new KeptConnection(socket);
        connections.add(connection);
        return connection;
    }

    @AfterEach
    void close() throws IOException {
        for (KeptConnection connection : connections) {
            connection.close();
        }
        pods.reversed().forEach(ConfigurableApplicationContext::close);
    }

    /** Returns when the pod listens on the port no longer. */
    private static CompletableFuture<Void> beginToClose(ConfigurableApplicationContext pod, int port) {
        CompletableFuture<Void> closed = CompletableFuture.runAsync(pod::close, Thread::startVirtualThread);
        Awaitility.await().atMost(GRACE).pollInterval(Duration.ofMillis(5)).until(() -> {
            try {
                connect(port).close();
                return false;
            } catch (IOException refused) {
                return true;
            }
        });
        return closed;
    }

    private static SelectorManager selectors(ConfigurableApplicationContext pod) {
        JettyWebServer server =
                Objects.requireNonNull((JettyWebServer) ((ServletWebServerApplicationContext) pod).getWebServer());
        return ((ServerConnector) server.getServer().getConnectors()[0]).getSelectorManager();
    }

    private static int count(ConfigurableApplicationContext pod) {
        return pod.getBean(ReferenceCounts.class)
                .read(new KeyName(KEY), Consistency.STRONG)
                .state()
                .count();
    }

    @ParameterizedTest
    @CsvSource({"server, false", "server, true", "management, false", "management, true"})
    void aRequestOnAnOpenConnectionIsAnsweredAndTheCloseAnnounced(String which, boolean tls) throws Exception {
        List<String> settings = new ArrayList<>();
        if (which.equals("management")) {
            settings.addAll(List.of("--management.server.port=0", "--management.server.address=127.0.0.1"));
        }
        if (tls) {
            settings.addAll(List.of(
                    which.equals("server") ? "--server.ssl.bundle=test" : "--management.server.ssl.bundle=test",
                    "--spring.ssl.bundle.jks.test.keystore.type=PKCS12",
                    "--spring.ssl.bundle.jks.test.keystore.location=file:" + TestCertificates.get().served,
                    "--spring.ssl.bundle.jks.test.keystore.password=" + TestCertificates.PASSWORD));
        }
        ConfigurableApplicationContext pod = start(settings.toArray(String[]::new));
        int port = port(pod, which);
        String request = KeptConnection.get("/actuator/health/liveness");
        for (int caller = 0; caller < CALLERS; caller++) {
            Socket socket = tls
                    ? TestCertificates.get().client("").getSocketFactory().createSocket("127.0.0.1", port)
                    : connect(port);
            assertThat(keep(socket).ask(request)).isEqualTo(new Answer(200, false));
        }

        CompletableFuture<Void> closed = beginToClose(pod, port);

        for (KeptConnection connection : connections) {
            assertThat(connection.ask(request)).isEqualTo(new Answer(200, true));
            assertThat(connection.closed()).isNull();
        }
        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aRequestOfWhichAPartHasArrivedIsAnsweredWhenTheRestDoes() throws Exception {
        ConfigurableApplicationContext pod = start();
        int port = port(pod, "server");
        String request = KeptConnection.increment(KEY, "parted");
        KeptConnection connection = keep(connect(port)).send(request.substring(0, request.length() / 2));

        CompletableFuture<Void> closed = beginToClose(pod, port);

        Thread.sleep(LONGER_THAN_STILL);
        assertThat(connection.send(request.substring(request.length() / 2)).answer())
                .isEqualTo(new Answer(200, true));
        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aRequestWhoseRestNeverArrivesHoldsThePodForABoundedTime() throws Exception {
        ConfigurableApplicationContext pod =
                start("--patchkey.limits.request-time=10m", "--spring.lifecycle.timeout-per-shutdown-phase=2s");
        KeptConnection connection = keep(connect(port(pod, "server"))).send("POST /v1/keys/" + KEY);

        CompletableFuture<Void> closed = beginToClose(pod, port(pod, "server"));

        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
        assertThat(connection.closed()).isNull();
    }

    @Test
    void aRequestThatNobodyHasReadYetIsAnsweredHoweverLateItIsRead() throws Exception {
        ConfigurableApplicationContext pod = start();
        int port = port(pod, "server");
        KeptConnection connection = keep(connect(port));
        assertThat(connection.ask(KeptConnection.increment(KEY, "first"))).isEqualTo(new Answer(200, false));
        CountDownLatch goOn = new CountDownLatch(1);
        List<ManagedSelector> selectors = List.copyOf(selectors(pod).getBeans(ManagedSelector.class));
        CountDownLatch stalled = new CountDownLatch(selectors.size());
        for (ManagedSelector selector : selectors) {
            selector.submit(reading -> {
                stalled.countDown();
                await(goOn);
            });
        }
        await(stalled);
        connection.send(KeptConnection.increment(KEY, "second"));

        CompletableFuture<Void> closed = beginToClose(pod, port);

        Thread.sleep(LONGER_THAN_STILL);
        goOn.countDown();
        assertThat(connection.answer()).isEqualTo(new Answer(200, true));
        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(GRACE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aConnectionOnWhichNothingComesIsClosedWithNothingOnIt() throws Exception {
        ConfigurableApplicationContext pod = start();
        KeptConnection used = keep(connect(port(pod, "server")));
        assertThat(used.ask(KeptConnection.increment(KEY, "used"))).isEqualTo(new Answer(200, false));
        KeptConnection unused = keep(connect(port(pod, "server")));

        CompletableFuture<Void> closed = CompletableFuture.runAsync(pod::close, Thread::startVirtualThread);

        assertThat(used.closed()).isNull();
        assertThat(unused.closed()).isNull();
        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void whatWaitsToBeAcceptedIsAcceptedAndAnswered() throws Exception {
        ConfigurableApplicationContext pod = start();
        int port = port(pod, "server");
        Stalled stalled = new Stalled();
        selectors(pod).addEventListener(stalled);
        connectAndAsk(port, "before");

        CompletableFuture<Void> closed = CompletableFuture.runAsync(pod::close, Thread::startVirtualThread);
        // So that the pod has come to the end of listening; it waits longer than that.
        Thread.sleep(Duration.ofMillis(300));
        connectAndAsk(port, "meanwhile");
        stalled.goOn.countDown();

        for (KeptConnection connection : connections) {
            assertThat(connection.answer().status()).isEqualTo(200);
        }
        closed.get(GRACE.toSeconds(), TimeUnit.SECONDS);
    }

    private void connectAndAsk(int port, String name) throws IOException {
        for (int caller = 0; caller < CALLERS; caller++) {
            keep(connect(port)).send(KeptConnection.increment(KEY, name + "-" + caller));
        }
    }

    /** Has the one thread that accepts connections wait with the first one in its hands. */
    private static final class Stalled implements SelectorManager.AcceptListener {

        final CountDownLatch goOn = new CountDownLatch(1);

        @Override
        public void onAccepting(SelectableChannel channel) {
            LastRequestsTest.await(goOn);
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled")
    void callersThatAskWithoutAPauseLoseNoAnswer() throws Exception {
        ConfigurableApplicationContext pod = start();
        int port = port(pod, "server");
        AtomicInteger acknowledged = new AtomicInteger();
        AtomicBoolean refused = new AtomicBoolean();
        Queue<String> cut = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int caller = 0; caller < 2 * CALLERS; caller++) {
            KeptConnection connection = keep(connect(port));
            String name = "kept-" + caller;
            callers.add(CompletableFuture.runAsync(
                    () -> askUntilClosed(connection, name, acknowledged, cut), Thread::startVirtualThread));
        }
        IntStream.range(0, CALLERS / 2)
                .forEach(caller -> callers.add(CompletableFuture.runAsync(
                        () -> connectEachTime(port, "anew-" + caller, acknowledged, refused, cut),
                        Thread::startVirtualThread)));
        Awaitility.await().atMost(GRACE).until(() -> acknowledged.get() > 200);

        pod.close();

        callers.forEach(CompletableFuture::join);
        assertThat(cut).as("requests without an answer").isEmpty();
        assertThat(count(start())).isEqualTo(acknowledged.get());
    }

    /** Ends when the pod has said that it closes the connection, and has closed it. */
    private static void askUntilClosed(
            KeptConnection connection, String name, AtomicInteger acknowledged, Queue<String> cut) {
        try {
            boolean closes = false;
            for (int i = 0; !closes; i++) {
                Answer answer = connection.ask(KeptConnection.increment(KEY, name + "-" + i));
                assertThat(answer.status()).isEqualTo(200);
                acknowledged.incrementAndGet();
                closes = answer.closes();
            }
            assertThat(connection.closed()).isNull();
        } catch (IOException | AssertionError e) {
            cut.add(name + ": " + e);
        }
    }

    /** Ends when the pod takes no connection any more. */
    private static void connectEachTime(
            int port, String name, AtomicInteger acknowledged, AtomicBoolean refused, Queue<String> cut) {
        for (int i = 0; !refused.get(); i++) {
            Socket socket;
            try {
                socket = connect(port);
            } catch (IOException e) {
                refused.set(true);
                return;
            }
            try (KeptConnection connection = new KeptConnection(socket)) {
                assertThat(connection
                                .ask(KeptConnection.increment(KEY, name + "-" + i))
                                .status())
                        .isEqualTo(200);
                acknowledged.incrementAndGet();
            } catch (IOException | AssertionError e) {
                cut.add(name + ": " + e);
            }
        }
    }
}
