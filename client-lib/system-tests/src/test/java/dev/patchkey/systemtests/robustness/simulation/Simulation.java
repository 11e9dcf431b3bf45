package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Makes a history that keeps every promise, by construction: callers and nodes at once, in a time of its own, over keys
 * that decide one thing after the other. A seed makes one history.
 */
final class Simulation {

    static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private static final int CALLERS = 4;
    private static final int NODES = 2;

    /** What is to happen, in the order of time, and of equal times in that of planning. */
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::time).thenComparingLong(Event::number));

    private final Random random;
    private final List<SimulatedKey> keys = new ArrayList<>();
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private final List<Sighting> sightings = new ArrayList<>();

    /** How many changes of a key are surely made, since their calls were answered. */
    private final Map<SimulatedKey, Integer> acknowledged = new HashMap<>();

    private final long length;
    private final boolean withLeases;
    private long now;
    private long planned;

    private record Event(long time, long number, Runnable action) {}

    /** Two keys over one store that numbers all changes, with leases and nodes that hold. */
    static History overDatabase(long seed, long length) {
        AtomicLong revision = new AtomicLong();
        Simulation simulation = new Simulation(seed, length, true);
        simulation.keys.add(new SimulatedKey("k0", revision::incrementAndGet));
        simulation.keys.add(new SimulatedKey("k1", revision::incrementAndGet));
        return simulation.play();
    }

    /** One key over a store that numbers its changes from 1 on, without leases; the nodes hold nothing. */
    static History overMemory(long seed, long length) {
        Simulation simulation = new Simulation(seed, length, false);
        simulation.keys.add(new SimulatedKey("k0", new AtomicLong()::incrementAndGet));
        return simulation.play();
    }

    private Simulation(long seed, long length, boolean withLeases) {
        this.random = new Random(seed);
        this.length = length;
        this.withLeases = withLeases;
    }

    private History play() {
        for (int i = 0; i < NODES; i++) {
            nodes.add(new SimulatedNode("n" + i, this));
        }
        for (int i = 0; i < CALLERS; i++) {
            new SimulatedCaller("c" + i, this).start();
        }
        nodes.forEach(SimulatedNode::start);
        while (!events.isEmpty()) { // ends: nothing new is begun after the length of the run
            Event next = events.poll();
            now = next.time();
            next.action().run();
        }
        nodes.forEach(SimulatedNode::settle);
        List<Row> rows = keys.stream().flatMap(key -> key.rows().stream()).toList();
        return new History(
                calls,
                rows,
                sightings,
                keys.stream().map(this::finale).toList(),
                List.of(),
                nodes.stream().map(SimulatedNode::id).collect(Collectors.toSet()));
    }

    private Finale finale(SimulatedKey key) {
        Seen seen = new Seen(key.count(key.position()), key.version(key.position()), true);
        Set<String> held = new HashSet<>(key.holders());
        return new Finale(key.name(), Map.of("p0", seen, "p1", seen), Map.of("n0", seen), key.holders(), held);
    }

    // What callers and nodes do in it

    Random random() {
        return random;
    }

    boolean withLeases() {
        return withLeases;
    }

    long now() {
        return now;
    }

    boolean isOver() {
        return now > length;
    }

    /** Does something at most so much later. */
    void within(long nanos, Runnable action) {
        at(now + 1 + (long) (random.nextDouble() * nanos), action);
    }

    void at(long time, Runnable action) {
        events.add(new Event(Math.max(time, now), planned++, action));
    }

    SimulatedKey anyKey() {
        return keys.get(random.nextInt(keys.size()));
    }

    List<SimulatedKey> keys() {
        return keys;
    }

    List<SimulatedNode> nodes() {
        return nodes;
    }

    void record(Call call) {
        calls.add(call);
    }

    void record(Sighting sighting) {
        sightings.add(sighting);
    }

    int acknowledged(SimulatedKey key) {
        return acknowledged.getOrDefault(key, 0);
    }

    void acknowledge(SimulatedKey key, int position) {
        acknowledged.merge(key, position, Math::max);
    }
}
