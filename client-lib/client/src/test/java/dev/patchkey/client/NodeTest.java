package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.Mirror;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** A node against the fake service, and what tests of them need. */
@Timeout(60)
abstract class NodeTest {

    /** Longer than anything should take, so that a machine that is busy with other things fails no test. */
    static final Duration LONG = Duration.ofSeconds(20);

    /** Long enough to see that something does not happen; failing to see it fails no test. */
    static final Duration A_MOMENT = Duration.ofMillis(150);

    private static final AtomicInteger NAMES = new AtomicInteger();

    FakeService fake = FakeService.start();

    private @Nullable Patchkey node;

    /** A key that no other test knows: static keys live as long as the JVM. */
    static StaticKey newKey(String name) {
        return StaticKey.of("test." + name + "." + NAMES.incrementAndGet());
    }

    /**
     * A lease that a test can outwait, and that is still so long that a machine that stands still for half a second
     * ends neither it nor the session: a pod is taken for dead after three heartbeats without a word from it.
     */
    void shortLease() {
        fake.leaseMillis = 2_500;
        fake.heartbeatMillis = 500;
    }

    Patchkey start(UnaryOperator<Patchkey.Builder> options) {
        return start(options, new MirrorOfAYoungJvm());
    }

    Patchkey start(UnaryOperator<Patchkey.Builder> options, Mirror mirror) {
        var builder = (NodeBuilder)
                options.apply(Patchkey.builder(fake.uri()).application("test").logger(Quiet.LOGGER));
        Patchkey started = Node.start(builder.config(), mirror);
        node = started;
        return started;
    }

    Patchkey ready(UnaryOperator<Patchkey.Builder> options) {
        Patchkey started = start(options);
        assertThat(started.awaitReady(LONG)).as("ready: %s", started.status()).isTrue();
        return started;
    }

    Patchkey ready() {
        return ready(UnaryOperator.identity());
    }

    @AfterEach
    void closeAll() {
        if (node != null) {
            node.close();
        }
        fake.close();
    }

    static void eventually(Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(5)).atMost(LONG).until(condition);
    }

    /** Waits until the node has applied everything that it was sent in its newest session, and excepts nothing. */
    void eventuallyApplied() {
        eventually(() -> {
            FakeSession session = fake.session();
            Map<String, Object> last = session.lastApplied();
            return last != null
                    && Json.number(last, "n") >= session.number()
                    && Json.list(last, "except").isEmpty();
        });
    }

    static <T> CompletableFuture<T> inThread(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(task.call());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                },
                "test-caller");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(LONG.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** What the task of the future has thrown. */
    static Throwable failure(CompletableFuture<?> future) {
        try {
            future.get(LONG.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            return e.getCause() == null ? e : e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("nothing was thrown");
    }

    static void pass(CountDownLatch gate) {
        try {
            assertThat(gate.await(LONG.toMillis(), TimeUnit.MILLISECONDS))
                    .as("gate opened")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void pause(Duration duration) {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
