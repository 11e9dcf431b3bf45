package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.http.WebSocket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    void whatTheChannelWantsDoneByAWorkerWhileItEndsIsDoneAndLaterItIsToldThatItIsNot() {
        Threads threads = new Threads(Quiet.LOGGER);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        CompletableFuture<Boolean> taken = new CompletableFuture<>();
        threads.channel().execute(() -> {
            NodeTest.pass(gate);
            taken.complete(threads.run(done::countDown));
        });
        threads.close();
        gate.countDown();
        assertThat(NodeTest.get(taken)).isTrue();
        NodeTest.pass(done);
        NodeTest.eventually(threads.workers()::isTerminated);
        assertThat(threads.run(() -> {})).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSocketThatNoWorkerCanCutLaterIsCutAtOnce(boolean worker) {
        List<String> called = new CopyOnWriteArrayList<>();
        WebSocket silent = (WebSocket) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {WebSocket.class}, (self, method, arguments) -> {
                    called.add(method.getName());
                    return method.getReturnType() == void.class ? null : new CompletableFuture<WebSocket>();
                });
        Socket socket = new Socket(Runnable::run, task -> worker, new Socket.Events() {
            @Override
            public void opened() {}

            @Override
            public void message(String text) {}

            @Override
            public void closed(int code, String sentence) {}
        });
        socket.onOpen(silent);
        socket.close(1000, "behind");
        assertThat(called).startsWith("request", "sendClose");
        assertThat(called.contains("abort")).isEqualTo(!worker);
    }

    @Test
    void aWorkerInheritsNeitherClassLoaderNorVariablesOfTheThreadThatNeedsIt() {
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
