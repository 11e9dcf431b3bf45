package dev.patchkey.benchmarks.flip;

import dev.patchkey.statickey.Enablement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * What hot threads feel of an edge. A sampler reads their counts about once a millisecond; one core is left to the
 * sampler, the edge and the compiler. Marks without an edge are the control.
 *
 * <p>Runs in a JVM of its own, and prints a line for each mark: its kind, the longest time a thread stood still after it,
 * and the time until the rate was back, both in microseconds.
 */
final class Recovery {

    /** The kinds of marks. */
    static final List<String> KINDS = List.of("none", "up", "down");

    private static final long SAMPLE_NANOS = 1_000_000;

    /** What of the rate before counts as back, and over how many samples. */
    private static final double BACK = 0.95;

    private static final int WINDOW = 5;

    /** How many times the time between marks the threads run before the first. */
    private static final int WARM_UP = 4;

    private record Sample(long nanos, long batches) {}

    private record Mark(String kind, long beginNanos, long endNanos) {}

    private final List<HotThread> threads = new ArrayList<>();
    private final List<HotThread.Gap> gaps = new ArrayList<>();
    private final List<Sample> samples = new ArrayList<>();
    private final long apartMillis;
    private volatile boolean stopped;

    private Recovery(long apartMillis) {
        this.apartMillis = apartMillis;
        for (int i = 1; i < Math.max(2, Runtime.getRuntime().availableProcessors()); i++) {
            threads.add(new HotThread("hot-" + i));
        }
    }

    /** Measures. The arguments: how many marks of each kind, and how many milliseconds apart. */
    public static void main(String[] args) throws InterruptedException {
        Recovery recovery = new Recovery(Long.parseLong(args[1]));
        recovery.measure(Integer.parseInt(args[0])).forEach(recovery::print);
    }

    private List<Mark> measure(int marksOfAKind) throws InterruptedException {
        threads.forEach(Thread::start);
        Thread sampler = new Thread(this::sample, "sampler");
        sampler.start();
        Thread.sleep(WARM_UP * apartMillis);
        List<Mark> marks = new ArrayList<>();
        for (int i = 0; i < marksOfAKind; i++) {
            marks.add(mark("none", () -> {}));
            Enablement[] taken = new Enablement[1];
            marks.add(mark("up", () -> taken[0] = HotThread.KEY.enable()));
            marks.add(mark("down", () -> taken[0].close()));
        }
        stopped = true;
        sampler.join();
        for (HotThread thread : threads) {
            gaps.addAll(thread.finish());
        }
        return marks;
    }

    private Mark mark(String kind, Runnable edge) throws InterruptedException {
        long begin = System.nanoTime();
        edge.run();
        Mark mark = new Mark(kind, begin, System.nanoTime());
        Thread.sleep(apartMillis);
        return mark;
    }

    private void sample() {
        while (!stopped) {
            long batches = threads.stream().mapToLong(HotThread::batches).sum();
            samples.add(new Sample(System.nanoTime(), batches));
            LockSupport.parkNanos(SAMPLE_NANOS);
        }
    }

    private void print(Mark mark) {
        long endNanos = mark.beginNanos + apartMillis * 1_000_000;
        long stall = gaps.stream()
                .filter(gap -> gap.endNanos() > mark.beginNanos && gap.endNanos() - gap.nanos() < endNanos)
                .mapToLong(HotThread.Gap::nanos)
                .max()
                .orElse(0);
        System.out.printf("%s %d %d%n", mark.kind, stall / 1000, recoveryNanos(mark, endNanos) / 1000);
    }

    /** From the mark to the first window, begun after the edge, in which the rate is back; all the time if there is none. */
    private long recoveryNanos(Mark mark, long endNanos) {
        int first = firstAfter(mark.endNanos);
        double before =
                rate(firstAfter(mark.beginNanos - apartMillis * 1_000_000 / 2), firstAfter(mark.beginNanos) - 1);
        for (int i = first; i + WINDOW < samples.size() && samples.get(i).nanos < endNanos; i++) {
            if (rate(i, i + WINDOW) >= BACK * before) {
                return Math.max(0, samples.get(i).nanos - mark.beginNanos);
            }
        }
        return endNanos - mark.beginNanos;
    }

    private int firstAfter(long nanos) {
        int i = 0;
        while (i < samples.size() && samples.get(i).nanos <= nanos) {
            i++;
        }
        return i;
    }

    private double rate(int from, int to) {
        Sample first = samples.get(from);
        Sample last = samples.get(to);
        return (double) (last.batches - first.batches) / (last.nanos - first.nanos);
    }
}
