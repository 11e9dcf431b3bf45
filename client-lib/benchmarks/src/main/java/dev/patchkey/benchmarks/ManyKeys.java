package dev.patchkey.benchmarks;

import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.Mirror;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes many keys and applies snapshots to them, one pair after another by one thread, as the node's rebinder does. Runs
 * in a JVM of its own, and prints what it has measured, a line each.
 *
 * <p>No compiled code depends on these keys; what dependent code adds to an edge is measured elsewhere. Memory is that of
 * the heap, the keys' names included.
 */
final class ManyKeys {

    /** Keys that the application has declared, and names that it has not. */
    static final List<String> MODES = List.of("declared", "undeclared");

    private static final long EPOCH = 1;

    /** A collection that frees less than this has found nothing more. */
    private static final long STABLE_BYTES = 4096;

    private static final int MOST_COLLECTIONS = 50;

    private final String mode;
    private final List<String> names;
    private final List<StaticKey> keys;
    private final Mirror mirror = Mirror.attach();
    private long revision;

    private ManyKeys(String mode, int count) {
        this.mode = mode;
        this.names = new ArrayList<>(count);
        this.keys = new ArrayList<>(count);
    }

    /** Measures. The arguments: the mode, and how many keys. */
    public static void main(String[] args) throws InterruptedException {
        int count = Integer.parseInt(args[1]);
        new ManyKeys(args[0], count).measure(count);
    }

    private void measure(int count) throws InterruptedException {
        long before = settledHeap();
        for (int i = 0; i < count; i++) {
            names.add("benchmark.keys.number-" + i);
        }
        if (mode.equals("declared")) {
            time("made, ms", () -> names.forEach(name -> keys.add(StaticKey.of(name))));
            print("never mirrored, bytes a key", (settledHeap() - before) / (double) count);
        }
        apply("snapshot that enables all, ms", 1);
        apply("snapshot that changes counts only, ms", 2);
        print("mirrored and enabled, bytes a key", (settledHeap() - before) / (double) count);
        apply("snapshot that disables all, ms", 0);
        mirror.close();
    }

    private void apply(String what, int count) {
        revision++;
        time(what, () -> names.forEach(name -> mirror.apply(name, count, EPOCH, revision)));
        for (StaticKey key : keys) {
            if (key.count() != count || key.isEnabled() != count > 0) {
                throw new IllegalStateException(key + " should have count " + count);
            }
        }
    }

    private void time(String what, Runnable body) {
        long start = System.nanoTime();
        body.run();
        print(what, (System.nanoTime() - start) / 1e6);
    }

    private void print(String what, double value) {
        System.out.println(mode + ": " + what + " " + value);
    }

    private static long settledHeap() throws InterruptedException {
        long used = Long.MAX_VALUE;
        for (int i = 0; i < MOST_COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(20); // for what the collection hands to other threads
            long now = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
            if (used - now < STABLE_BYTES) {
                return now;
            }
            used = now;
        }
        throw new IllegalStateException("the heap does not settle");
    }
}
