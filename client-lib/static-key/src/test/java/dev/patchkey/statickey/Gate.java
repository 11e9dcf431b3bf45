package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.MethodHandle;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds the first rebind that comes to one step there until it is opened. */
final class Gate implements ModelSite.Listener {

    private final ModelSite.Phase phase;
    private final MethodHandle target;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    Gate(ModelSite.Phase phase, MethodHandle target) {
        this.phase = phase;
        this.target = target;
    }

    @Override
    public void at(ModelSite.Phase nowPhase, MethodHandle nowTarget) {
        if (nowPhase == phase && nowTarget == target) {
            reached.countDown();
            await(open, "the gate to be opened");
        }
    }

    void awaitReached() {
        await(reached, "a rebind to reach the gate");
    }

    void open() {
        open.countDown();
    }

    private static void await(CountDownLatch latch, String what) {
        try {
            assertThat(latch.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("waited for %s", what)
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
