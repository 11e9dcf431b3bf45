package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What the channel was given before the end is done: a connection that is to be cut is cut. */
class ThreadsTest {

    @Test
    void whatWasGivenToTheChannelBeforeTheEndIsStillDone() {
        Threads threads = new Threads(Quiet.LOGGER);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        threads.channel().execute(() -> NodeTest.pass(gate));
        threads.channel().execute(done::countDown);
        var unused = threads.channel().schedule(() -> {}, 1, java.util.concurrent.TimeUnit.HOURS);
        threads.close();
        gate.countDown();
        NodeTest.pass(done);
        NodeTest.eventually(threads.channel()::isTerminated);
        threads.run(() -> {});
        threads.close();
    }

    @Test
    void aWorkerInheritsNothingOfTheThreadThatNeedsIt() {
        Threads threads = new Threads(Quiet.LOGGER);
        InheritableThreadLocal<String> request = new InheritableThreadLocal<>();
        CompletableFuture<List<Object>> worker = new CompletableFuture<>();
        var unused = NodeTest.get(NodeTest.inThread(() -> {
            request.set("of an application");
            Thread.currentThread().setContextClassLoader(new ThrowawayLoader(SharesTheLibrary.class));
            threads.run(() -> worker.complete(
                    Arrays.asList(request.get(), Thread.currentThread().getContextClassLoader())));
            return true;
        }));
        assertThat(NodeTest.get(worker)).containsExactly(null, Patchkey.class.getClassLoader());
        threads.close();
    }
}
