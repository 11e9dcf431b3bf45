package dev.patchkey.client;

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
}
