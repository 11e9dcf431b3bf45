package dev.patchkey.benchmarks.flip;

import dev.patchkey.statickey.Enablement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * What hot threads feel of an edge. A sampler reads their counts about once a millisecond; one core is left to the
 * sampler, the edge and the compiler. Marks without an edge are the control.
 *
 * <p>Runs in a JVM of its own, and prints a {@link Felt} for each mark, in a line.
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

    /**
     * What the threads felt of one mark, until the next.
     *
     * @param kind one of {@link #KINDS}
     * @param stallMicros the longest time for which a thread stood still, 0 if none was as long as can be told
     * @param lowest the rate in the lowest window, as a share of the rate before
     * @param backMicros the time until the rate was back, infinite if it did not come back
     */
    record Felt(String kind, double stallMicros, double lowest, double backMicros) {

        static Felt parse(String line) {
            String[] words = line.split(" ", -1);
            return new Felt(
                    words[0], Double.parseDouble(words[1]), Double.parseDouble(words[2]), Double.parseDouble(words[3]));
        }

        String line() {
            return kind + " " + stallMicros + " " + lowest + " " + backMicros;
        }
    }

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
        recovery.measure(Integer.parseInt(args[0]))
                .forEach(mark -> System.out.println(recovery.felt(mark).line()));
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

    private Felt felt(Mark mark) {
        long endNanos = mark.beginNanos + apartMillis * 1_000_000;
        long stall = gaps.stream()
                .filter(gap -> gap.endNanos() > mark.beginNanos && gap.endNanos() - gap.nanos() < endNanos)
                .mapToLong(HotThread.Gap::nanos)
                .max()
                .orElse(0);
        double before =
                rate(firstAfter(mark.beginNanos - apartMillis * 1_000_000 / 2), firstAfter(mark.beginNanos) - 1);
        return new Felt(
                mark.kind,
                stall / 1000.0,
                lowestRate(mark, endNanos) / before,
                backNanos(mark, endNanos, BACK * before) / 1000);
    }

    /** Of the windows from the last sample before the mark on, so that the edge itself is in one. */
    private double lowestRate(Mark mark, long endNanos) {
        double lowest = Double.POSITIVE_INFINITY;
        for (int i = firstAfter(mark.beginNanos) - 1; isWindow(i, endNanos); i++) {
            lowest = Math.min(lowest, rate(i, i + WINDOW));
        }
        return lowest;
    }

    /** From the mark to the first window, begun after the edge, with that rate; infinite if there is none. */
    private double backNanos(Mark mark, long endNanos, double rate) {
        for (int i = firstAfter(mark.endNanos); isWindow(i, endNanos); i++) {
            if (rate(i, i + WINDOW) >= rate) {
                return samples.get(i).nanos - mark.beginNanos;
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private boolean isWindow(int first, long endNanos) {
        return first + WINDOW < samples.size() && samples.get(first).nanos < endNanos;
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
