package dev.patchkey.benchmarks.durable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/**
 * Callers that increment as fast as they are answered, each in a thread and on a connection of its own, and choose among
 * the keys at random. They go on from the warm-up into the windows without a pause.
 */
final class Load {

    /** A caller that fails more often than this has nothing to measure. */
    private static final int MOST_ERRORS = 1000;

    /**
     * How long it is.
     *
     * @param warmUp in nanoseconds
     * @param windows that are measured
     * @param window each of them, in nanoseconds
     */
    record Times(long warmUp, int windows, long window) {}

    /**
     * What was measured.
     *
     * @param perSecond acknowledged increments a second, for each window
     * @param sorted the times of all measured increments, in nanoseconds
     * @param attempts by which the measured increments were made
     * @param errors increments that failed at any time, the warm-up included
     */
    record Result(double[] perSecond, long[] sorted, long attempts, int errors) {

        /** The window in the middle. */
        double median() {
            double[] ordered = perSecond.clone();
            Arrays.sort(ordered);
            return ordered[ordered.length / 2];
        }

        double millis(double quantile) {
            return sorted[Math.min(sorted.length - 1, (int) (sorted.length * quantile))] / 1e6;
        }

        double attemptsEach() {
            return (double) attempts / sorted.length;
        }
    }

    private Load() {}

    /** The result is empty if nothing was acknowledged while it was measured, which a warm-up may end with. */
    static Result run(Counters counters, List<String> keys, int connections, Times times) throws Exception {
        counters.prepare(keys);
        long before = counters.sum(keys);
        List<Calling> callings = new ArrayList<>();
        try {
            for (int i = 0; i < connections; i++) {
                callings.add(new Calling(counters.caller(), keys, times));
            }
            long start = System.nanoTime();
            callings.forEach(calling -> calling.begin(start));
            for (Calling calling : callings) {
                calling.join();
            }
        } finally {
            for (Calling calling : callings) {
                calling.caller.close();
            }
        }
        Result result = result(callings, times);
        requireAllCounted(callings, counters.sum(keys) - before);
        return result;
    }

    /** An acknowledgement is worth measuring only if it is true. */
    private static void requireAllCounted(List<Calling> callings, long counted) {
        long acknowledged =
                callings.stream().mapToLong(calling -> calling.acknowledged).sum();
        long unknown = callings.stream().mapToLong(calling -> calling.errors).sum();
        if (counted < acknowledged || counted > acknowledged + unknown) {
            throw new IllegalStateException("%d increments were acknowledged and %d are not known, but %d were counted"
                    .formatted(acknowledged, unknown, counted));
        }
    }

    private static Result result(List<Calling> callings, Times times) {
        double[] perSecond = new double[times.windows()];
        for (Calling calling : callings) {
            for (int window = 0; window < perSecond.length; window++) {
                perSecond[window] += calling.inWindow[window] / (times.window() / 1e9);
            }
        }
        long[] sorted = callings.stream()
                .flatMapToLong(calling -> Arrays.stream(calling.nanos, 0, calling.measured))
                .sorted()
                .toArray();
        return new Result(
                perSecond,
                sorted,
                callings.stream().mapToLong(calling -> calling.attempts).sum(),
                callings.stream().mapToInt(calling -> calling.errors).sum());
    }

    /** One caller at work. Its fields are its thread's until that has ended. */
    private static final class Calling implements Runnable {
        private final Counters.Caller caller;
        private final List<String> keys;
        private final Times times;
        private final Thread thread = new Thread(this, "caller");
        private long start;

        private final long[] inWindow;
        private long[] nanos = new long[1 << 12];
        private int measured;
        private long attempts;
        private long acknowledged;
        private int errors;

        Calling(Counters.Caller caller, List<String> keys, Times times) {
            this.caller = caller;
            this.keys = keys;
            this.times = times;
            this.inWindow = new long[times.windows()];
        }

        void begin(long at) {
            start = at;
            thread.start();
        }

        void join() throws InterruptedException {
            thread.join();
            if (errors > MOST_ERRORS) {
                throw new IllegalStateException("a caller had " + errors + " errors");
            }
        }

        @Override
        public void run() {
            long length = times.warmUp() + times.windows() * times.window();
            long begun = System.nanoTime();
            while (begun - start < length && errors <= MOST_ERRORS) {
                try {
                    int took = caller.increment(
                            keys.get(ThreadLocalRandom.current().nextInt(keys.size())));
                    long ended = System.nanoTime();
                    acknowledged++;
                    note(ended - start - times.warmUp(), ended - begun, took);
                } catch (Exception e) {
                    errors++;
                    if (errors == 1) {
                        System.err.println("an increment failed: " + e);
                    }
                }
                begun = System.nanoTime();
            }
        }

        /** An increment belongs to the window in which it was acknowledged. */
        private void note(long sinceWarmUp, long took, int tries) {
            long window = Math.floorDiv(sinceWarmUp, times.window());
            if (window < 0 || window >= times.windows()) {
                return;
            }
            if (measured == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * measured);
            }
            nanos[measured] = took;
            measured++;
            attempts += tries;
            inWindow[(int) window]++;
        }
    }

    /** So many names. */
    static List<String> keys(int count) {
        return IntStream.range(0, count).mapToObj(i -> "load." + i).toList();
    }
}
