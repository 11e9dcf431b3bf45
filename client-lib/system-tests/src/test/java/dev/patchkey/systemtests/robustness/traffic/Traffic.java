package dev.patchkey.systemtests.robustness.traffic;

import dev.patchkey.systemtests.robustness.history.Call;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Some callers at once. */
public final class Traffic {

    /** The longest lease of a hold that a caller acquires. */
    public static final Duration LONGEST_LEASE = Caller.LONGEST_LEASE;

    /** Enough to meet in every batch. */
    private static final int CALLERS = 8;

    /** A caller's last call has a bound. */
    private static final long STOP_MILLIS = 60_000;

    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Caller> callers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /**
     * Starts them.
     *
     * @param leases whether some holds have one
     */
    public Traffic(String name, long seed, List<URI> pods, List<String> keys, boolean leases) {
        for (int i = 0; i < CALLERS; i++) {
            Caller caller = new Caller(name + "." + i, new Random(seed * CALLERS + i), pods, keys, leases, calls::add);
            callers.add(caller);
            Thread thread = new Thread(caller, "caller-" + i);
            thread.setUncaughtExceptionHandler((ended, failure) -> failures.add(failure));
            threads.add(thread);
            thread.start();
        }
    }

    /** Stops them, each after the call that it is making. */
    public void stop() throws InterruptedException {
        callers.forEach(Caller::stop);
        for (Thread thread : threads) {
            thread.join(STOP_MILLIS);
            if (thread.isAlive()) {
                throw new AssertionError(thread.getName() + " did not stop");
            }
        }
        failures.forEach(failure -> {
            throw new AssertionError("a caller has failed", failure);
        });
    }

    /** Every call that they made. */
    public List<Call> calls() {
        return new ArrayList<>(calls);
    }
}
