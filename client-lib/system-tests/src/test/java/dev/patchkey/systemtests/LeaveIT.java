package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The service is told to go, by SIGTERM, while callers, nodes and a watcher are connected to it. */
class LeaveIT {

    private static final String KEY = "/v1/keys/" + NodeMain.FLIP;
    private static final int CALLERS = 16;

    /** Before the service is told to go. */
    private static final int INCREMENTS = 500;

    /** What Kubernetes gives a pod by default, from SIGTERM to SIGKILL; the reference says that the service needs less. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    /** What a JVM ends with that has ended in order, by SIGTERM. */
    private static final int ENDED_BY_SIGTERM = 128 + 15;

    private final AtomicInteger acknowledged = new AtomicInteger();

    @Test
    void eachRequestThatWasTakenIsAnsweredAndTheServiceEndsWithinTheGracePeriod() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS + 1);
        try (ServiceProcess service = new ServiceProcess().start();
                NodeProcess node = new NodeProcess(service.uri(), "leave-node", 17).ready();
                RawNode silent = new RawNode(service.uri()).send(RawNode.hello("leave-silent"))) {
            silent.receive("snapshot");
            CompletableFuture<HttpResponse<String>> watcher = HttpClient.newHttpClient()
                    .sendAsync(
                            HttpRequest.newBuilder(service.uri().resolve("/v1/watch"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            // One of the nodes never says that it has applied anything, so this one waits until the service leaves.
            Future<RawCaller.Answer> waiting = callers.submit(() -> {
                try (RawCaller caller = new RawCaller(service.port())) {
                    return caller.post(KEY + "/increment?await=applied&timeout=PT2M", "leave-waiting");
                }
            });
            List<Future<RawCaller.Answer>> last = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                String name = "leave-" + caller;
                last.add(callers.submit(() -> incrementUntilClosed(service.port(), name)));
            }
            Awaitility.await("the callers go on")
                    .atMost(Duration.ofSeconds(60))
                    .failFast("a caller has ended", () -> last.stream().anyMatch(Future::isDone))
                    .until(() -> acknowledged.get() > INCREMENTS);

            int exit = service.stop(GRACE);

            assertThat(exit).as("exit code").isEqualTo(ENDED_BY_SIGTERM);
            for (Future<RawCaller.Answer> answer : last) {
                assertThat(answer.get(1, TimeUnit.SECONDS)).isEqualTo(new RawCaller.Answer(200, true));
            }
            assertThat(waiting.get(1, TimeUnit.SECONDS).status())
                    .as("committed, and not applied everywhere")
                    .isEqualTo(202);
            assertThat(silent.closeCode()).as("going away").isEqualTo(1001);
            assertThat(watcher.get(1, TimeUnit.SECONDS).body())
                    .as("a stream that has ended in order")
                    .startsWith("event: snapshot")
                    .endsWith("\n\n");
            nothingAcknowledgedIsLostOrDoubled(service.start(), node);
        } finally {
            callers.shutdownNow();
        }
    }

    /** Returns the last answer: the one that says that the service closes the connection. */
    private RawCaller.Answer incrementUntilClosed(int port, String name) throws IOException {
        try (RawCaller caller = new RawCaller(port)) {
            RawCaller.Answer answer;
            int number = 0;
            do {
                answer = caller.post(KEY + "/increment", name + "-" + number++);
                assertThat(answer.status()).isEqualTo(200);
                acknowledged.incrementAndGet();
            } while (!answer.closes());
            return answer;
        }
    }

    private void nothingAcknowledgedIsLostOrDoubled(ServiceProcess service, NodeProcess node) {
        int total = acknowledged.get() + 1;
        assertThat(service.get(KEY + "?consistency=strong").count())
                .as("S1: Nothing acknowledged is lost or doubled")
                .isEqualTo(total);
        Awaitility.await("the node is back")
                .atMost(Duration.ofSeconds(60))
                .until(() -> node.ask("phase").equals("READY"));
        Awaitility.await("the lease of the silent node has ended, and the other has applied all")
                .atMost(Duration.ofSeconds(60))
                .until(() -> service.get(KEY + "?await=applied&timeout=PT5S").status() == 200);
        assertThat(node.ask("count " + NodeMain.FLIP)).isEqualTo(String.valueOf(total));
    }
}
