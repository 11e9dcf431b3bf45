package dev.patchkey.systemtests.robustness.cluster;

import dev.patchkey.client.Status.Phase;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A node on a host: a JVM with the client library in it. Each start is a new life of it. */
public final class Node extends Server {

    /** An acquire that it is in has a timeout of seconds. */
    private static final long ANSWER_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final long POLL_MILLIS = 10;

    private static final String READY = Phase.READY.name();

    private final String id;
    private final Path directory;
    private final Path java;
    private final List<String> keys;
    private final boolean acquires;
    private final List<URI> pods;
    private final long seed;
    private int run;
    private @Nullable BufferedWriter in;
    private @Nullable BufferedReader out;

    /**
     * A node that has not been started.
     *
     * @param keys that it mirrors: as many as its program has constants for
     * @param acquires whether it acquires and releases them, too
     */
    Node(
            Host host,
            Path directory,
            Path java,
            String id,
            List<String> keys,
            boolean acquires,
            List<URI> pods,
            long seed) {
        super(host, new File(directory.toFile(), "node.log"));
        if (keys.size() != NodeProgram.KEYS) {
            throw new IllegalArgumentException("a node has " + NodeProgram.KEYS + " keys, not " + keys.size());
        }
        this.id = id;
        this.directory = directory;
        this.java = java;
        this.keys = keys;
        this.acquires = acquires;
        this.pods = pods;
        this.seed = seed;
    }

    public String id() {
        return id;
    }

    @Override
    List<String> command() {
        List<String> command = new ArrayList<>(List.of(
                java.toString(),
                "-Xmx96m",
                "-Dkeys=" + String.join(",", keys),
                "-Dacquires=" + acquires,
                "-cp",
                System.getProperty("java.class.path"),
                NodeProgram.class.getName(),
                id,
                Long.toString(seed + run),
                seen(run).toString()));
        pods.forEach(pod -> command.add(pod.toString()));
        return command;
    }

    @Override
    ProcessBuilder.Redirect output() {
        return ProcessBuilder.Redirect.PIPE;
    }

    @Override
    public void start() {
        run++;
        super.start();
        in = new BufferedWriter(new OutputStreamWriter(process().getOutputStream(), StandardCharsets.UTF_8));
        out = new BufferedReader(new InputStreamReader(process().getInputStream(), StandardCharsets.UTF_8));
    }

    private Path seen(int life) {
        return directory.resolve("seen-" + life + ".txt");
    }

    private String ask(String command) {
        if (in == null || out == null) {
            throw new IllegalStateException(id + " was never started");
        }
        try {
            in.write(command);
            in.newLine();
            in.flush();
            long end = System.nanoTime() + ANSWER_NANOS;
            while (isAlive() && !out.ready()) {
                if (System.nanoTime() - end > 0) {
                    throw new AssertionError("node " + id + " does not answer; its log is " + log());
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            String answer = out.readLine();
            if (answer == null) {
                throw new AssertionError("node " + id + " has ended; its log is " + log());
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException("node " + id + " did not answer; its log is " + log(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Has it acquire and release nothing any more; what it holds it keeps. */
    public void rest() {
        ask("rest");
    }

    /**
     * What a node reads and holds.
     *
     * @param phase of its client
     * @param live whether what it sees now is judged as seen by a live node
     * @param seen the keys that it mirrors
     * @param held the keys on which it has a live hold
     */
    public record Last(String phase, boolean live, Map<String, Seen> seen, Set<String> held) {}

    public Last last() {
        String[] parts = ask("final").split(";", -1);
        String[] node = parts[0].split(" ", -1);
        Map<String, Seen> seen = new HashMap<>();
        Set<String> held = new HashSet<>();
        for (int i = 1; i < parts.length; i++) {
            String[] words = parts[i].split(" ", -1);
            if (words.length == 1) { // not mirrored
                continue;
            }
            Version version = new Version(Long.parseLong(words[1]), Long.parseLong(words[2]));
            seen.put(words[0], new Seen(Integer.parseInt(words[3]), version, Boolean.parseBoolean(words[4])));
            if (Boolean.parseBoolean(words[5])) {
                held.add(words[0]);
            }
        }
        return new Last(node[0], Boolean.parseBoolean(node[1]), seen, held);
    }

    /**
     * Whether it is ready and writes down what it sees as seen by a live node. Of a key that never was it may mirror
     * nothing yet.
     */
    boolean isReady() {
        Last last = last();
        return last.live()
                && last.phase().equals(READY)
                && last.seen().values().stream().allMatch(Seen::fresh);
    }

    @Override
    boolean mayEnd() {
        return false;
    }

    /** What all its lives have written down. */
    public void collect(List<Sighting> sightings, List<BrokenPromise> brokenPromises) {
        for (int life = 1; life <= run; life++) {
            try {
                if (Files.exists(seen(life))) {
                    for (String line : Files.readAllLines(seen(life))) {
                        read(line, life, sightings, brokenPromises);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void read(String line, int life, List<Sighting> sightings, List<BrokenPromise> brokenPromises) {
        if (line.startsWith("B ")) {
            String[] words = line.split(" ", 3);
            brokenPromises.add(new BrokenPromise(words[1], "node " + id + " " + words[2]));
            return;
        }
        String[] words = line.split(" ", -1);
        if (words.length == 9) { // the last line of a node that was killed may be cut short
            sightings.add(new Sighting(
                    id,
                    life,
                    words[1],
                    new Version(Long.parseLong(words[2]), Long.parseLong(words[3])),
                    Integer.parseInt(words[4]),
                    Boolean.parseBoolean(words[5]),
                    Boolean.parseBoolean(words[6]),
                    Long.parseLong(words[7]),
                    Long.parseLong(words[8])));
        }
    }
}
