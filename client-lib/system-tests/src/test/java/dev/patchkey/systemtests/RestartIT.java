package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.ServiceProcess.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The service is killed and stopped under load. */
class RestartIT {

    private static final String KEY = "/v1/keys/" + NodeMain.FLIP;
    private static final int CALLERS = 4;
    private static final int INCREMENTS = 400;

    /** Three restarts of at most two minutes each; a caller gives up only where the service stays away. */
    private static final Duration GIVE_UP = Duration.ofMinutes(6);

    private volatile boolean stopped;

    @Test
    void nothingAcknowledgedIsLostOrDoubledAndTheNodesComeBackByThemselves() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        try (ServiceProcess service = new ServiceProcess().start();
                NodeProcess holder = new NodeProcess(service.uri(), "restart-holder", 17).ready();
                NodeProcess watcher = new NodeProcess(service.uri(), "restart-watcher", 25).ready()) {
            assertThat(holder.ask("acquire " + NodeMain.SEED)).isEqualTo("held");
            List<Future<Integer>> acknowledged = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                int number = caller;
                acknowledged.add(callers.submit(() -> increment(service, number)));
            }
            for (int restart = 0; restart < 3; restart++) {
                awaitProgress(service);
                if (restart == 1) {
                    service.stop();
                } else {
                    service.kill();
                }
                service.start();
            }
            awaitProgress(service);
            stopped = true;
            int total = sum(acknowledged);

            assertThat(service.get(KEY + "?consistency=strong").count())
                    .as("S1: Nothing acknowledged is lost or doubled")
                    .isEqualTo(total);
            theNodesAreBack(service, holder, watcher, total);
        } finally {
            stopped = true;
            callers.shutdownNow();
        }
    }

    /** Increments with one Idempotency-Key each, again and again until it is acknowledged. */
    private int increment(ServiceProcess service, int caller) throws InterruptedException {
        int acknowledged = 0;
        while (!stopped && acknowledged < INCREMENTS * 100) {
            String key = "restart-" + caller + "-" + acknowledged;
            long giveUp = System.nanoTime() + GIVE_UP.toNanos();
            while (!isAcknowledged(service, key)) {
                if (System.nanoTime() > giveUp) {
                    throw new AssertionError("the service stays away");
                }
                Thread.sleep(20);
            }
            acknowledged++;
        }
        return acknowledged;
    }

    private static boolean isAcknowledged(ServiceProcess service, String idempotencyKey) {
        try {
            Answer answer = service.send("POST", KEY + "/increment", null, "Idempotency-Key", idempotencyKey);
            if (answer.status() == 200) {
                return true;
            }
            assertThat(answer.status()).as(answer.toString()).isIn(503, 504);
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitProgress(ServiceProcess service) {
        int before = service.get(KEY).count();
        Awaitility.await("the callers go on")
                .atMost(Duration.ofSeconds(60))
                .until(() -> service.get(KEY).count() > before + INCREMENTS / 4);
    }

    private static int sum(List<Future<Integer>> acknowledged) throws InterruptedException, ExecutionException {
        int total = 0;
        for (Future<Integer> caller : acknowledged) {
            total += caller.get();
        }
        return total;
    }

    private static void theNodesAreBack(ServiceProcess service, NodeProcess holder, NodeProcess watcher, int total) {
        Awaitility.await("both nodes are back")
                .atMost(Duration.ofSeconds(60))
                .until(() -> holder.ask("phase").equals("READY")
                        && watcher.ask("phase").equals("READY"));
        Answer answer = service.get(KEY + "?await=applied&timeout=PT30S");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(watcher.ask("count " + NodeMain.FLIP)).isEqualTo(String.valueOf(total));
        assertThat(service.get("/v1/nodes").body().path("nodes").findValuesAsText("node"))
                .containsExactlyInAnyOrder("restart-holder", "restart-watcher");
    }
}
