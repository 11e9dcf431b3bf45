package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimerTest {

    @Test
    void runsATaskOnce() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        Timer.ofTheJdk().schedule(1, ran::countDown);
        assertThat(ran.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void refersToNothingOnceATaskIsCancelled() {
        Garbage.collects(scheduledAndCancelled(), Garbage.MANY);
    }

    private static WeakReference<Object> scheduledAndCancelled() {
        List<Integer> used = new ArrayList<>();
        Timer.ofTheJdk().schedule(KeyCore.LONGEST_DELAY.toNanos(), used::clear).cancel();
        return new WeakReference<>(used);
    }

    @Test
    void startsNoThreadThatKeepsAnApplicationsClassLoader() {
        keepsNoClassLoader("ours");
    }

    @Test
    void theCheckerCatchesATimerThatIsStartedByTheApplication() {
        Check.catches(TimerTest::keepsNoClassLoader, "bare", "kept by [");
    }

    /** In a JVM of its own: the timer of this one has been started by whoever needed it first. */
    private static void keepsNoClassLoader(String timer) {
        assertThat(Fork.run(TimerMain.class, List.of(), timer)).contains("kept by nobody");
    }
}
