package dev.patchkey.systemtests.robustness.cluster;

import dev.patchkey.client.Hold;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.PatchkeyException;
import dev.patchkey.client.Status.Phase;
import dev.patchkey.statickey.Peek;
import dev.patchkey.statickey.StaticKey;
import dev.patchkey.statickey.mirror.MirroredState;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The program of a {@link Node}: mirrors the keys of the run, acquires and releases some of them, and writes down what
 * it sees. The keys are constants, so that their tests fold.
 */
final class NodeProgram {

    static final int KEYS = 4;

    /** As long as a look may take without being a pause of the JVM, after which the lease may have ended unseen. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** How long a node that has been paused is not taken for live: it has to notice first. */
    private static final long NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A sighting is written down at least so often, so that a node that is killed has said what it saw. */
    private static final long PIECE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final List<String> NAMES = List.of(System.getProperty("keys").split(","));

    private static final StaticKey K0 = StaticKey.of(NAMES.get(0));
    private static final StaticKey K1 = StaticKey.of(NAMES.get(1));
    private static final StaticKey K2 = StaticKey.of(NAMES.get(2));
    private static final StaticKey K3 = StaticKey.of(NAMES.get(3));

    private final Patchkey patchkey;
    private final PrintStream out;
    private final ConcurrentMap<String, Hold> held = new ConcurrentHashMap<>();
    private volatile boolean acquiring = Boolean.getBoolean("acquires");
    private volatile boolean looking = true;

    /** Whether the last look was a live node's. */
    private volatile boolean live;

    private NodeProgram(Patchkey patchkey, PrintStream out) {
        this.patchkey = patchkey;
        this.out = out;
    }

    /** Arguments: the node's id, a seed, what it writes to, and the URIs of the pods. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Patchkey.Builder builder = Patchkey.builder(URI.create(args[3]))
                .node(args[0])
                .application("robustness")
                .connectTimeout(Duration.ofSeconds(1))
                .requestTimeout(Duration.ofSeconds(2));
        for (int i = 4; i < args.length; i++) {
            builder.service(URI.create(args[i]));
        }
        try (Patchkey patchkey = builder.start();
                PrintStream out = new PrintStream(args[2], StandardCharsets.UTF_8)) {
            new NodeProgram(patchkey, out).run(new Random(Long.parseLong(args[1])));
        }
    }

    private void run(Random random) throws IOException, InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> broken(BrokenPromise.RUN, "thread died: " + thread.getName() + ": " + failure));
        Thread looker = new Thread(this::look, "looker");
        looker.start();
        Thread acquirer = new Thread(() -> acquire(random), "acquirer");
        acquirer.start();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            switch (line) {
                case "rest" -> {
                    acquiring = false;
                    acquirer.join();
                    System.out.println("resting");
                }
                case "final" -> System.out.println(last());
                default -> System.out.println("unknown command");
            }
        }
        acquiring = false;
        looking = false;
        acquirer.join();
        looker.join();
    }

    /**
     * What it sees and holds now: {@code phase live;key epoch revision count fresh held;...}. Of a key that it does not
     * mirror it says the name alone.
     */
    private String last() {
        StringBuilder text = new StringBuilder();
        Phase phase = patchkey.status().phase();
        text.append(phase.name()).append(' ').append(live);
        for (String key : NAMES) {
            MirroredState state = Peek.mirrored(key);
            Hold hold = held.get(key);
            text.append(';').append(key);
            if (state != null) {
                text.append(' ').append(state.epoch());
                text.append(' ').append(state.revision());
                text.append(' ').append(state.count());
                text.append(' ').append(phase == Phase.READY && !state.stale());
                text.append(' ').append(hold != null && hold.isLive());
            }
        }
        return text.toString();
    }

    // Looking

    /** One sighting that goes on. */
    private static final class Open {
        MirroredState state;
        boolean live;
        long first;
        long last;

        Open(MirroredState state, boolean live, long first, long last) {
            this.state = state;
            this.live = live;
            this.first = first;
            this.last = last;
        }
    }

    private void look() {
        Open[] open = new Open[KEYS];
        boolean known = false;
        long notBefore = Long.MIN_VALUE;
        long previous = System.nanoTime();
        while (looking) {
            for (int i = 0; i < KEYS; i++) {
                long before = System.nanoTime();
                if (before - previous > PAUSE_NANOS) {
                    notBefore = before + NOTICE_NANOS;
                }
                previous = before;
                Hold hold = held.get(NAMES.get(i));
                MirroredState state = Peek.mirrored(NAMES.get(i));
                boolean enabled = isEnabled(i);
                MirroredState again = Peek.mirrored(NAMES.get(i));
                long after = System.nanoTime();
                Phase phase = patchkey.status().phase();
                known = phase == Phase.READY || (known && phase != Phase.STALE);
                if (after - before > PAUSE_NANOS) {
                    notBefore = after + NOTICE_NANOS;
                }
                live = known && (notBefore == Long.MIN_VALUE || after - notBefore > 0);
                // Taken out before it is closed: so it was live all the while, if it is now.
                if (!enabled && hold != null && hold.isLive() && hold.equals(held.get(NAMES.get(i)))) {
                    broken("S7", "has a live hold on " + NAMES.get(i) + ", and its test said no");
                }
                if (state != null && state.equals(again)) {
                    if (enabled != state.effectiveCount() > 0) {
                        broken("N1", "read " + state + " of " + NAMES.get(i) + ", and its test said " + enabled);
                    }
                    open[i] = seen(i, open[i], state, live, before, after);
                }
            }
            sleep(1);
        }
        for (int i = 0; i < KEYS; i++) {
            write(i, open[i]);
        }
    }

    private static boolean isEnabled(int key) {
        return switch (key) {
            case 0 -> K0.isEnabled();
            case 1 -> K1.isEnabled();
            case 2 -> K2.isEnabled();
            default -> K3.isEnabled();
        };
    }

    private Open seen(int key, @Nullable Open open, MirroredState state, boolean live, long before, long after) {
        if (open != null && open.state.equals(state) && open.live == live && before - open.first < PIECE_NANOS) {
            open.last = before;
            return open;
        }
        write(key, open);
        return new Open(state, live, after, before);
    }

    private void write(int key, @Nullable Open open) {
        if (open != null) {
            MirroredState state = open.state;
            line("S " + NAMES.get(key) + " " + state.epoch() + " " + state.revision() + " " + state.count() + " "
                    + state.stale() + " " + open.live + " " + open.first + " " + Math.max(open.first, open.last));
        }
    }

    private void broken(String promise, String what) {
        line("B " + promise + " " + what.replace('\n', ' '));
    }

    private void line(String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }

    // Acquiring

    private void acquire(Random random) {
        while (acquiring) {
            int key = random.nextInt(KEYS);
            Hold hold = held.remove(NAMES.get(key));
            if (hold != null) {
                hold.close();
            } else {
                acquire(key);
            }
            sleep(20 + random.nextInt(400));
        }
    }

    private void acquire(int key) {
        try {
            Hold hold = patchkey.acquire(key(key), Duration.ofSeconds(3));
            boolean enabled = isEnabled(key);
            if (hold.isLive()) {
                if (!enabled) {
                    broken("S7", "acquired " + NAMES.get(key) + ", and its test said no");
                }
                held.put(NAMES.get(key), hold);
            } else {
                hold.close();
            }
        } catch (PatchkeyException e) {
            // The service is away or slow: there is nothing to hold.
        }
    }

    private static StaticKey key(int key) {
        return switch (key) {
            case 0 -> K0;
            case 1 -> K1;
            case 2 -> K2;
            default -> K3;
        };
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts", e);
        }
    }
}
