package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    @Test
    void neverRunsATaskOnTheCallersThread() throws InterruptedException {
        JdkTimer timer = new JdkTimer(Runnable::run);
        for (int i = 0; i < 1_000; i++) { // many, for the time is seldom over before schedule returns
            AtomicReference<Thread> runner = new AtomicReference<>();
            CountDownLatch ran = new CountDownLatch(1);
            timer.schedule(1, () -> {
                runner.set(Thread.currentThread());
                ran.countDown();
            });
            assertThat(ran.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(runner).doesNotHaveValue(Thread.currentThread());
        }
    }

    @Test
    void runsATaskOnItsOwnThreadIfNoOtherCanBeHad() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        JdkTimer timer = new JdkTimer(task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        timer.schedule(1, ran::countDown);
        assertThat(ran.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void leavesACallerInterrupted() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        Actor.start("interrupted", () -> {
                    Thread.currentThread().interrupt();
                    Timer.ofTheJdk().schedule(1, ran::countDown);
                    interrupted.set(Thread.interrupted());
                })
                .finish();
        assertThat(interrupted).isTrue();
        assertThat(ran.await(Actor.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    /** The names of the classes that the application brings: all of the library's, or its own alone. */
    @ParameterizedTest
    @ValueSource(strings = {"dev.patchkey.", "dev.patchkey.statickey.GoneApplicationMain$"})
    void anApplicationThatWasTheFirstToDeferIsCollectedOnceItHasFlushedAndGone(String brought) {
        assertThat(gone(brought, "Flushing")).containsExactly("collected true, threads 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev.patchkey.", "dev.patchkey.statickey.GoneApplicationMain$"})
    void theCheckerCatchesAnApplicationThatTheTimersThreadHasInheritedFrom(String brought) {
        assertThat(gone(brought, "Bare")).singleElement().asString().startsWith("collected false");
    }

    @Test
    void anApplicationThatBringsTheLibraryAndDoesNotFlushIsKeptByItsDeferralAndByNoThread() {
        assertThat(gone("dev.patchkey.", "Forgetting")).containsExactly("collected false, threads 0");
    }

    private static List<String> gone(String brought, String application) {
        return Fork.run(GoneApplicationMain.class, List.of(), brought, application);
    }

    /** In a JVM of its own: the timer of this one has been started by whoever needed it first. */
    private static void keepsNoClassLoader(String timer) {
        assertThat(Fork.run(TimerMain.class, List.of(), timer)).contains("kept by nobody");
    }
}
